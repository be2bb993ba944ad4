import { closeSync, fstatSync, openSync } from 'node:fs';

import { EngineError } from '../engine-error.ts';
import { type GgufTensor, type GgufValue, readGgufHeader } from './gguf-header.ts';
import { HeaderCursor, readRange } from './header-cursor.ts';
import { refuse } from './refuse.ts';

/** An open GGUF file: metadata and tensors by name. Tensors are read when they are asked for. */
export class GgufFile implements Disposable {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  readonly #file: number;

  private constructor(file: number) {
    this.#file = file;
    const cursor = new HeaderCursor(file, fstatSync(file).size);
    ({ metadata: this.metadata, tensors: this.tensors } = readGgufHeader(cursor));
  }

  /** Throws `EngineError('model')` if the file is damaged or not supported. */
  static open(path: string): GgufFile {
    const file = openOrThrow(path);
    try {
      return new GgufFile(file);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /** Throws if the file has no tensor of that name and those dimensions, the fastest first. */
  tensor(name: string, ...dims: readonly number[]): GgufTensor {
    const tensor = this.tensors.get(name);
    if (!tensor) throw refuse(`has no tensor ${name}`);
    if (tensor.dims.join() === dims.join()) return tensor;
    throw refuse(`has ${name} as [${tensor.dims.join(', ')}], not [${dims.join(', ')}]`);
  }

  read(tensor: GgufTensor): Uint8Array<ArrayBuffer> {
    return readRange(this.#file, tensor.offset, tensor.sizeBytes);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

function openOrThrow(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EngineError('infra', `${path} cannot be read: ${reason}`, { cause: error });
  }
}
