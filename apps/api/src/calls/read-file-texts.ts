import { FILE_PARAMETER, type FileText } from '@runfleet/catalog';
import { RunfleetError } from '@runfleet/protocol';

import type { ApiContext, ApiRequest } from '../api-context.ts';
import { fetchFile } from '../file-texts/fetch-file.ts';
import { FileTextError } from '../file-texts/file-text-error.ts';
import type { InputFile } from '../file-texts/input-file.ts';
import { readFileText } from '../file-texts/read-file-text.ts';
import { readOwnFile } from '../file-texts/read-own-file.ts';

const SHOWN_CHARACTERS_MAX = 200;

/** `references`: URLs and ids; `files`: those that the call brought itself. */
type Input = {
  organisationId: string;
  projectId: string;
  references: readonly string[];
  files: readonly InputFile[];
};

/**
 * The texts of a Run's files; null without files. Nothing is stored yet, so a file that cannot be read
 * costs nothing. Throws `invalid_request` with the name of the file.
 */
export async function readFileTexts(
  ctx: Pick<ApiContext, 'db' | 'outbound' | 'pdfs' | 'rates' | 'settings' | 'storage'>,
  c: ApiRequest,
  { organisationId, projectId, references, files }: Input,
): Promise<FileText[] | null> {
  if (references.length === 0 && files.length === 0) return null;
  const { trace } = c.var;
  const reader = {
    tenant: organisationId,
    requireCredit: () => ctx.rates.requireCredit(trace),
    spend: (ms: number) => ctx.rates.chargeReading(trace, ms),
  };
  let bytesLeft =
    ctx.settings.inputFileBytes - files.reduce((sum, file) => sum + file.bytes.length, 0);
  let charactersMax = ctx.settings.bodyLimitBytes;
  const texts: FileText[] = [];
  const read = async (name: string, open: () => InputFile | Promise<InputFile>) => {
    try {
      const file = await open();
      const text = await readFileText(ctx.pdfs, file.bytes, { ...reader, charactersMax });
      charactersMax -= text.length;
      texts.push({ name: file.name, text });
    } catch (error) {
      if (!(error instanceof FileTextError)) throw error;
      throw refused(name, error);
    }
  };
  // One after the other, so that a Run never holds more than one of each kind of work.
  for (const file of files) await read(file.name, () => file);
  for (const reference of references) {
    await read(reference, async () => {
      const wanted = { organisationId, projectId, reference, bytesMax: bytesLeft };
      const own = await readOwnFile(ctx, c, wanted);
      const file = own ?? (await fetchFile(ctx, c, reference, bytesLeft));
      bytesLeft -= file.bytes.length;
      return file;
    });
  }
  return texts;
}

function refused(name: string, cause: FileTextError): RunfleetError {
  const shown =
    name.length > SHOWN_CHARACTERS_MAX ? `${name.slice(0, SHOWN_CHARACTERS_MAX)}…` : name;
  const message = `Request parameter [${FILE_PARAMETER}] is refused: ${shown} ${cause.message}.`;
  return new RunfleetError('invalid_request', message, { cause });
}
