import { readFileUrl, resolveFile } from '@runfleet/files';
import { RunfleetError } from '@runfleet/protocol';

import type { ApiContext, ApiRequest } from '../api-context.ts';
import { holdBytes } from '../http/read-body.ts';
import { findPublicFile, openPublicFile } from '../public-files/public-file.ts';
import { FileTextError } from './file-text-error.ts';
import { cleanFileName, type InputFile } from './input-file.ts';

type Wanted = {
  organisationId: string;
  projectId: string;
  /** The id of a file of the project, or the URL of a file on this server, whose key is the authority. */
  reference: string;
  bytesMax: number;
};
type Ctx = Pick<ApiContext, 'db' | 'rates' | 'settings' | 'storage'>;

/**
 * A file that this server has; null if the reference is a URL of another server. Throws
 * `FileTextError`, and `rate_limited` or `unavailable` for its memory.
 */
export async function readOwnFile(
  ctx: Ctx,
  c: ApiRequest,
  wanted: Wanted,
): Promise<InputFile | null> {
  const found = await findOwnFile(ctx, wanted);
  if (found === null) return null;
  const { sizeBytes, name } = found;
  if (sizeBytes > wanted.bytesMax) {
    throw new FileTextError(`has ${sizeBytes} bytes, and at most ${wanted.bytesMax} are read`);
  }
  holdBytes(c.var.held, sizeBytes);
  ctx.rates.requireBytes(c.var.trace, sizeBytes);
  const body = await openPublicFile(ctx, found, null);
  if (body === null) throw gone();
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return { name: cleanFileName(name), bytes: Buffer.concat(chunks) };
}

async function findOwnFile(ctx: Ctx, wanted: Wanted) {
  const baseUrls = [ctx.settings.apiUrl, ctx.settings.filesUrl];
  const named = readFileUrl(wanted.reference, baseUrls);
  if (named !== null) {
    const file = await findPublicFile(ctx, named);
    if (file === null) throw gone();
    return { ...file, name: named.name };
  }
  try {
    const file = await resolveFile({ ...ctx, baseUrls }, wanted);
    return file && { ...file, text: null };
  } catch (error) {
    if (error instanceof RunfleetError && error.kind === 'entry_not_found') throw gone();
    throw error;
  }
}

function gone(): FileTextError {
  return new FileTextError('does not exist here. It may have been deleted');
}
