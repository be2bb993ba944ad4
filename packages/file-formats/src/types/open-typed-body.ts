import { fileTypeFromBuffer } from 'file-type';

import { refusal } from '../refusal.ts';
import { checkedText } from './checked-text.ts';
import { claimedType, FILE_TYPES, type FileType } from './file-types.ts';
import { takeHead } from './take-head.ts';

const HEAD_BYTES = 64 * 1024;
/** The signatures of an archive's first entry and of an archive without entries. */
const ZIP_SIGNATURES = ['PK\u0003\u0004', 'PK\u0005\u0006'];
const SHOWN_NAME_CHARACTERS = 100;

/**
 * The type of a file by its name, confirmed by its content, and a body of the same bytes. Reading
 * that body fails if text turns out not to be text. Throws `invalid_request` for a type that is not
 * accepted, and for a file whose content is of another type.
 */
export async function openTypedBody(
  name: string,
  body: AsyncIterable<Uint8Array>,
): Promise<{ type: FileType; body: AsyncIterable<Uint8Array> }> {
  const shown = JSON.stringify(name.slice(0, SHOWN_NAME_CHARACTERS));
  const type = claimedType(name);
  if (type === null) {
    const accepted = Object.keys(FILE_TYPES).join(', ');
    throw refusal(`${shown} has no accepted file type. Accepted are: ${accepted}.`);
  }
  const lie = () =>
    refusal(`${shown} is not a ${type.extension} file: its content is of another type.`);
  // The content of a text is arbitrary: one that begins with "BM" would be detected as a bitmap.
  if (type.form === 'text') return { type, body: checkedText(shown, body) };

  const { head, whole, release } = await takeHead(body, HEAD_BYTES);
  if (!(await isOfType(type, head))) {
    await release();
    throw lie();
  }
  return { type, body: whole };
}

async function isOfType({ form, detected }: FileType, head: Uint8Array): Promise<boolean> {
  if (form === 'zip') {
    return ZIP_SIGNATURES.includes(Buffer.from(head.subarray(0, 4)).toString('latin1'));
  }
  // A crafted file can make a detector throw.
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  return found !== undefined && detected.includes(found.ext);
}
