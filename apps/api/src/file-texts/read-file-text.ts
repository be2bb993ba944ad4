import { decodeText } from './decode-text.ts';
import { FileTextError } from './file-text-error.ts';
import type { FileReader, PdfReader } from './pdf/pdf-reader.ts';

const PAGES_MAX = 1_000;
/** The header may stand behind other bytes, within these. */
const PDF_HEAD_BYTES = 1_024;

/**
 * The text of a PDF or a text file, by its content. Throws `FileTextError`, and `rate_limited` or
 * `unavailable` where too many files wait to be read.
 */
export async function readFileText(
  pdfs: PdfReader,
  bytes: Uint8Array,
  { charactersMax, ...reader }: FileReader & { charactersMax: number },
): Promise<string> {
  if (isPdf(bytes))
    return pdfs.read(bytes, { pages: PAGES_MAX, characters: charactersMax }, reader);
  const text = decodeText(bytes);
  if (text.length <= charactersMax) return text;
  throw new FileTextError(`has ${text.length} characters, and at most ${charactersMax} are read`);
}

function isPdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, PDF_HEAD_BYTES)).includes('%PDF-');
}
