import { recordAt } from '../folder/read-json.ts';

/** The tensors of a safetensors file, by name. */
export class Safetensors {
  readonly #bytes: Uint8Array;
  readonly #header: Record<string, unknown>;
  readonly #start: number;

  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const headerBytes = bytes.byteLength < 8 ? 0 : Number(view.getBigUint64(0, true));
    this.#start = 8 + headerBytes;
    if (headerBytes === 0 || this.#start > bytes.byteLength) {
      throw new Error('This is not a safetensors file, or it is truncated. Copy it again.');
    }
    const header: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, this.#start)));
    // Not a Buffer, whose `slice` is a view.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#header = recordAt(header);
  }

  floats(name: string, count: number): Float32Array {
    // A copy, because a view of wide elements must start at a multiple of their size.
    return new Float32Array(this.#read(name, 'F32', 4 * count).slice().buffer);
  }

  /** Weights from a matrix of bytes with a scale for each row. */
  scaledBytes(name: string, rows: number, columns: number): Float32Array {
    const bytes = new Int8Array(this.#read(name, 'I8', rows * columns).slice().buffer);
    const scales = this.floats(`${name}.scale`, rows);
    const weights = new Float32Array(bytes.length);
    for (let row = 0; row < rows; row += 1) {
      const scale = scales[row] ?? 0;
      for (let at = row * columns; at < (row + 1) * columns; at += 1)
        weights[at] = (bytes[at] ?? 0) * scale;
    }
    return weights;
  }

  #read(name: string, type: string, length: number): Uint8Array {
    const { dtype, data_offsets: offsets } = recordAt(this.#header, name);
    const [from, to]: unknown[] = Array.isArray(offsets) ? offsets : [];
    if (typeof from !== 'number' || typeof to !== 'number' || dtype !== type) {
      throw new Error(`The safetensors file has no tensor ${name} of type ${type}.`);
    }
    const bytes = this.#bytes.subarray(this.#start + from, this.#start + to);
    if (bytes.byteLength === length) return bytes;
    throw new Error(`${name} holds ${bytes.byteLength} bytes, not ${length}. Copy the file again.`);
  }
}
