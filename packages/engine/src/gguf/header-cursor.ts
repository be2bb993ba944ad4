import { readSync } from 'node:fs';

import { refuse } from './refuse.ts';

/** More than the vocabulary of any known model takes. */
const HEADER_BYTES_MAX = 128 * 2 ** 20;
/** Of all lists together: each item takes more memory than it does in the file. */
const LIST_ITEMS_MAX = 8 * 2 ** 20;
const PAGE_BYTES = 1 * 2 ** 20;

/** Reads the start of a file in order, in pages, and never past its end. */
export class HeaderCursor {
  readonly fileBytes: number;
  readonly #file: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #page = new Uint8Array();
  #pageStart = 0;
  #offset = 0;
  #itemsLeft = LIST_ITEMS_MAX;

  constructor(file: number, fileBytes: number) {
    this.#file = file;
    this.fileBytes = fileBytes;
  }

  get offset(): number {
    return this.#offset;
  }

  /** A view of the next bytes, valid until the next call. */
  bytes(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.fileBytes) throw refuse('is truncated before its weights');
    if (end > HEADER_BYTES_MAX) {
      throw refuse(`has more than ${HEADER_BYTES_MAX / 2 ** 20} MiB before its weights`);
    }
    if (end > this.#pageStart + this.#page.length) this.#load(length);
    const from = this.#offset - this.#pageStart;
    this.#offset = end;
    return this.#page.subarray(from, from + length);
  }

  view(length: number): DataView {
    const bytes = this.bytes(length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  uint32(): number {
    return this.view(4).getUint32(0, true);
  }

  /** An unsigned 64-bit number, which may not exceed `most`. */
  count(what: string, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.view(8).getBigUint64(0, true);
    if (value > BigInt(most)) throw refuse(`has ${value} as ${what}; at most ${most} are read`);
    return Number(value);
  }

  /** The length of a list. */
  items(key: string): number {
    const count = this.count(`the length of ${key}`, this.#itemsLeft);
    this.#itemsLeft -= count;
    return count;
  }

  text(bytesMax: number): string {
    const bytes = this.bytes(this.count('the bytes of a text', bytesMax));
    try {
      return this.#decoder.decode(bytes);
    } catch {
      throw refuse(`has a text before byte ${this.#offset} that is not UTF-8`);
    }
  }

  #load(length: number): void {
    const wanted = Math.min(Math.max(length, PAGE_BYTES), this.fileBytes - this.#offset);
    this.#page = readRange(this.#file, this.#offset, wanted);
    this.#pageStart = this.#offset;
  }
}

/** Throws if the file ends before the range does. */
export function readRange(file: number, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const read = readSync(file, bytes, done, length - done, offset + done);
    if (read === 0) throw refuse(`ends at byte ${offset + done} while it is read`);
    done += read;
  }
  return bytes;
}
