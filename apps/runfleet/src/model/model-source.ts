import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';

import { UsageError } from '../cli/with-usage.ts';
import { nameFrom } from './model-name.ts';

type FolderSource = { kind: 'folder'; path: string };
export type HubSource = { kind: 'hub'; id: string; subfolder: string; revision: string };
export type ModelSource = FolderSource | HubSource;

export const VARIANTS = ['cpu', 'gpu'] as const;
export type Variant = (typeof VARIANTS)[number];

/** Repositories with several exports, and the folder to use for each variant. */
const SUBFOLDERS: Partial<Record<string, Record<Variant, string>>> = {
  'microsoft/Phi-3.5-mini-instruct-onnx': {
    cpu: 'cpu_and_mobile/cpu-int4-awq-block-128-acc-level-4',
    gpu: 'gpu/gpu-int4-awq-block-128',
  },
};

const SEGMENT = String.raw`[A-Za-z0-9][A-Za-z0-9._-]*`;
const HUB_ID = new RegExp(
  `^(${SEGMENT}/${SEGMENT})((?:/${SEGMENT})*)(?:@([A-Za-z0-9][A-Za-z0-9._/-]*))?$`,
  'u',
);

/** A folder if one of that name exists, else `owner/name[/subfolder][@revision]` on the hub. */
export async function readSource(text: string, variant: Variant | undefined): Promise<ModelSource> {
  const path = resolve(text.startsWith('~/') ? join(homedir(), text.slice(2)) : text);
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) {
    if (variant !== undefined)
      throw new UsageError('--variant works only with models of the hub, not with a folder.');
    return { kind: 'folder', path };
  }
  if (/^[./~]/u.test(text)) throw new Error(`There is no folder ${path}. Check the path.`);

  const [, id, subfolder = '', revision = 'main'] = HUB_ID.exec(text) ?? [];
  if (id === undefined || revision.includes('..')) {
    throw new UsageError(`"${text}" is neither a folder nor owner/name[/subfolder][@revision].`);
  }
  if (subfolder !== '') {
    if (variant !== undefined) throw new UsageError('Give a subfolder or --variant, not both.');
    return { kind: 'hub', id, subfolder: subfolder.slice(1), revision };
  }
  const known = SUBFOLDERS[id];
  if (variant !== undefined && !known) {
    throw new UsageError(
      `The variants of ${id} are not known. Name its folder: ${id}/<subfolder>.`,
    );
  }
  return { kind: 'hub', id, subfolder: known?.[variant ?? 'cpu'] ?? '', revision };
}

/** The name of the model if none is given. */
export function defaultName(source: ModelSource): string {
  if (source.kind === 'folder') return nameFrom(basename(source.path));
  const name = nameFrom(basename(source.id)).replace(/-onnx$/u, '');
  return /(^|\/)gpu(\/|$)/u.test(source.subfolder) ? `${name}-gpu` : name;
}

export function describeSource(source: ModelSource): string {
  if (source.kind === 'folder') return source.path;
  const { id, subfolder, revision } = source;
  return `${id}${subfolder === '' ? '' : `/${subfolder}`}@${revision}`;
}
