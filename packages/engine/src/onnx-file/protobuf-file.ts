import type { FileHandle } from 'node:fs/promises';

/** Where the content of a field is in its file. */
export type FieldRange = { number: number; start: number; end: number };

/** A field of a message in memory: a whole number, or the content of a text or message. */
export type Field = { number: number; value: bigint | Uint8Array };

const PAGE_BYTES = 2 ** 16;
const VARINT_BYTES_MAX = 10;
const [VARINT, FIXED_64, CONTENT, FIXED_32] = [0, 1, 2, 5];

/**
 * Reads the outline of a protobuf message that may be too large for memory: a field that is not
 * asked for is skipped. Throws `RangeError` if the bytes are no such message.
 */
export class ProtobufFile {
  readonly #handle: FileHandle;
  #page = new Uint8Array();
  #pageStart = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** The fields of a message that have content: texts and other messages. */
  async *fields({ start, end }: Omit<FieldRange, 'number'>): AsyncGenerator<FieldRange> {
    for (let at = start; at < end;) {
      const header = new Cursor(await this.#bytesAt(at, 2 * VARINT_BYTES_MAX));
      const { number, kind } = header.key();
      const length = kind === CONTENT ? Number(header.varint()) : 0;
      if (kind !== CONTENT) header.skip(kind);
      const from = at + header.at;
      at = from + length;
      if (at > end) throw new RangeError('A field is longer than its message.');
      if (kind === CONTENT) yield { number, start: from, end: at };
    }
  }

  /** The first bytes of a field's content, at most `most`. */
  async read({ start, end }: FieldRange, most: number): Promise<Uint8Array> {
    return await this.#bytesAt(start, Math.min(end - start, most));
  }

  /** Fewer at the end of the file. */
  async #bytesAt(start: number, length: number): Promise<Uint8Array> {
    const isHeld =
      start >= this.#pageStart && start + length <= this.#pageStart + this.#page.length;
    if (!isHeld) {
      const page = new Uint8Array(Math.max(length, PAGE_BYTES));
      const { bytesRead } = await this.#handle.read(page, 0, page.length, start);
      this.#page = page.subarray(0, bytesRead);
      this.#pageStart = start;
    }
    const from = start - this.#pageStart;
    return this.#page.subarray(from, from + length);
  }
}

/** The fields of a message in memory, up to the first that is cut off. Throws `RangeError`. */
export function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const cursor = new Cursor(bytes);
  while (cursor.at < bytes.length) {
    const { number, kind } = cursor.key();
    if (kind === VARINT) {
      yield { number, value: cursor.varint() };
    } else if (kind === CONTENT) {
      const length = Number(cursor.varint());
      const start = cursor.at;
      if (start + length > bytes.length) return;
      cursor.at = start + length;
      yield { number, value: bytes.subarray(start, start + length) };
    } else {
      cursor.skip(kind);
    }
  }
}

/** The numbers of a repeated field, which may be written one by one or packed. */
export function* varintsOf(value: bigint | Uint8Array): Generator<bigint> {
  if (typeof value === 'bigint') {
    yield value;
    return;
  }
  const cursor = new Cursor(value);
  while (cursor.at < value.length) yield cursor.varint();
}

class Cursor {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  key(): { number: number; kind: number } {
    const key = Number(this.varint());
    return { number: Math.floor(key / 8), kind: key % 8 };
  }

  varint(): bigint {
    let value = 0n;
    for (let index = 0; index < VARINT_BYTES_MAX; index += 1) {
      const byte = this.#bytes[this.at];
      if (byte === undefined) throw new RangeError('The message ends within a number.');
      this.at += 1;
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new RangeError('A number is too long.');
  }

  skip(kind: number): void {
    if (kind === VARINT) this.varint();
    else if (kind === FIXED_64) this.at += 8;
    else if (kind === FIXED_32) this.at += 4;
    else throw new RangeError(`There is no field of kind ${kind}.`);
  }
}
