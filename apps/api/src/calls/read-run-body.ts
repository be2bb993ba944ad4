import { FILE_PARAMETER, isBlank } from '@runfleet/catalog';
import { RunfleetError } from '@runfleet/protocol';

import type { ApiContext, ApiRequest } from '../api-context.ts';
import { collectFiles, type SentFile } from '../http/collect-files.ts';
import { isForm, readParameters } from '../http/read-parameters.ts';

/** `parameters` name the files of a form first among those of `inputFile`. */
type RunBody = { parameters: Record<string, unknown>; files: readonly SentFile[] };

/**
 * The body of a Run: JSON, or a form that may have files. Throws what `readParameters` does, and
 * `invalid_request` for a file under a parameter that takes none.
 */
export async function readRunBody(
  ctx: Pick<ApiContext, 'bodies' | 'rates' | 'settings'>,
  c: ApiRequest,
): Promise<RunBody> {
  const { bodyLimitBytes, inputFileBytes } = ctx.settings;
  if (!isForm(c)) return { parameters: await readParameters(ctx, c, bodyLimitBytes), files: [] };
  const collected = collectFiles();
  const limitBytes = bodyLimitBytes + inputFileBytes;
  const parameters = await readParameters(ctx, c, limitBytes, collected.takeFile);
  const files = collected.files();
  requireWithin('The fields of the form', sizeOf(parameters), bodyLimitBytes);
  requireWithin(
    'The files of the form',
    files.reduce((sum, file) => sum + file.bytes.length, 0),
    inputFileBytes,
  );
  const misplaced = files.find(({ parameter }) => parameter !== FILE_PARAMETER);
  if (misplaced) {
    throw new RunfleetError(
      'invalid_request',
      `Request parameter [${misplaced.parameter}] is a file, and takes none. Send files in [${FILE_PARAMETER}].`,
    );
  }
  if (files.length === 0) return { parameters, files };
  const given = parameters[FILE_PARAMETER];
  const others = isBlank(given) ? [] : [given].flat();
  const names = files.map(({ name }) => name);
  return { parameters: { ...parameters, [FILE_PARAMETER]: [...names, ...others] }, files };
}

/** At least the bytes of its names and values. */
function sizeOf(parameters: Record<string, unknown>): number {
  return Buffer.byteLength(JSON.stringify(parameters));
}

function requireWithin(what: string, sizeBytes: number, limitBytes: number): void {
  if (sizeBytes <= limitBytes) return;
  throw new RunfleetError(
    'body_too_large',
    `${what} have more than ${limitBytes} bytes. Send fewer or smaller ones.`,
  );
}
