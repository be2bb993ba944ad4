import type { FileEntry } from '@runfleet/files';
import { type FileAnswer, formatUnixSeconds, type WireFile } from '@runfleet/protocol';

import type { ApiContext } from '../api-context.ts';

/** What the wire calls the root of a project, as it does for the files of tasks. */
export const ROOT_ID = '0';

export function fileWire(entry: FileEntry, { settings }: Pick<ApiContext, 'settings'>): WireFile {
  const { id, name, contentType, accessKey } = entry;
  const wire = {
    id,
    name,
    parentid: entry.parentId ?? ROOT_ID,
    size: String(entry.sizeBytes),
    contenttype: contentType,
    addedtime: formatUnixSeconds(entry.createdAt),
  };
  if (accessKey === null) return wire;
  return {
    ...wire,
    url: `${settings.filesUrl}/File/${accessKey}/${encodeURIComponent(name)}`,
    accesskey: accessKey,
    expiretime: entry.expiresAt === null ? null : formatUnixSeconds(entry.expiresAt),
  };
}

export function fileAnswer(entry: FileEntry, ctx: Pick<ApiContext, 'settings'>): FileAnswer {
  return { errors: [], list: [fileWire(entry, ctx)], result: true };
}
