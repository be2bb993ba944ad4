import { closeSync, openSync, writeSync } from 'node:fs';

import { externalTensor, inlineTensor, type TensorHead } from '../onnx-file/onnx-format.ts';
import type { ProtobufWriter } from '../onnx-file/protobuf-writer.ts';

/** Where the graph's weights are written: into the graph file, or into a data file beside it. */
export type TensorSink = { add(head: TensorHead, bytes: Uint8Array): ProtobufWriter };

/** For a graph whose weights fit into its own file. */
export const INLINE_TENSORS: TensorSink = { add: inlineTensor };

// Readers map the file into memory, which requires each tensor to start on a page.
const PAGE_BYTES = 4096;

/**
 * A data file beside the graph, written tensor by tensor; `location` is the graph's name for it.
 */
export class TensorFile implements TensorSink {
  readonly #location: string;
  readonly #file: number;
  /** By the memory that was written, so that tensors which share it share a place in the file. */
  readonly #written = new WeakMap<ArrayBufferLike, { offset: number; length: number }>();
  #offset = 0;

  constructor(path: string, location: string) {
    this.#location = location;
    this.#file = openSync(path, 'w');
  }

  add(head: TensorHead, bytes: Uint8Array): ProtobufWriter {
    // A small table is not worth a page, and shape inference must read it.
    if (bytes.byteLength < PAGE_BYTES) return inlineTensor(head, bytes);
    const location = this.#location;
    const { buffer, byteLength: length } = bytes;
    const former = this.#written.get(buffer);
    if (former && buffer.byteLength === length)
      return externalTensor(head, { location, ...former });
    const offset = this.#offset;
    this.#written.set(buffer, { offset, length });
    for (let written = 0; written < bytes.byteLength;) {
      written += writeSync(
        this.#file,
        bytes,
        written,
        bytes.byteLength - written,
        offset + written,
      );
    }
    this.#offset = Math.ceil((offset + bytes.byteLength) / PAGE_BYTES) * PAGE_BYTES;
    return externalTensor(head, { location, offset, length });
  }

  close(): void {
    closeSync(this.#file);
  }
}
