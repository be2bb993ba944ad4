import { type InferenceSession, Tensor } from 'onnxruntime-node';

import { EngineError } from '../../engine-error.ts';
import type { OnnxEngineSpec } from '../../engine.ts';
import type { ModelFolder } from '../../folder/model-folder.ts';
import { halvesToFloats } from '../half-float.ts';
import type { DecodeRow, Runtime } from '../runtime.ts';
import { type CacheType, type GraphShape, readGraphShape } from './graph-shape.ts';
import { firstLine, openSession } from './open-session.ts';

/**
 * The stock binding of onnxruntime-node: correct everywhere, and the reference for faster runtimes.
 *
 * Each step hands the cache to the graph and takes a longer one back, copied by the binding into
 * new memory; the old one goes to the garbage collector. That costs a copy of the whole cache per
 * token (13 tokens/s against 42 of device-resident caches on a 228M model at 512 tokens). Rows run
 * one by one, because the graph takes several tokens onto a filled cache only at batch 1. `run`
 * blocks its thread, so this lives in the engine's own.
 */
export class OrtNode implements Runtime {
  readonly provider: string;
  readonly device: string;
  readonly slots: number;
  readonly vocabularySize: number;

  readonly #session: InferenceSession;
  readonly #folder: ModelFolder;
  readonly #shape: GraphShape;
  readonly #fetches: readonly string[];
  readonly #empty: Tensor;
  readonly #ones: BigInt64Array;
  readonly #positions: BigInt64Array;
  /** Per slot the tensors of `shape.caches`, in that order. */
  readonly #caches: Tensor[][];

  constructor(
    opened: { session: InferenceSession; provider: string; device: string },
    folder: ModelFolder,
    slots: number,
  ) {
    this.provider = opened.provider;
    this.device = opened.device;
    this.slots = slots;
    this.#session = opened.session;
    this.#folder = folder;
    this.#shape = readGraphShape(opened.session, folder);
    this.vocabularySize = this.#shape.vocabularySize;
    this.#fetches = [folder.names.logits, ...this.#shape.caches.map(({ present }) => present)];
    this.#ones = new BigInt64Array(folder.contextLength).fill(1n);
    this.#positions = BigInt64Array.from({ length: folder.contextLength }, (_, at) => BigInt(at));
    this.#empty = cacheTensor(this.#shape, newCache(this.#shape.cacheType, 0), 0);
    this.#caches = Array.from({ length: slots }, () => this.#emptyCaches());
  }

  async prefillChunk(
    slot: number,
    ids: readonly number[] | Int32Array,
    start: number,
  ): Promise<Float32Array> {
    return await this.#append(slot, BigInt64Array.from(ids, BigInt), start);
  }

  async decode(rows: readonly DecodeRow[]): Promise<Float32Array[]> {
    const logits: Float32Array[] = [];
    for (const { slot, id, length } of rows) {
      logits.push(await this.#append(slot, BigInt64Array.of(BigInt(id)), length));
    }
    return logits;
  }

  rewind(slot: number, length: number): void {
    const held = this.#heldTokens(slot);
    if (length > held || length < 0) {
      throw new RangeError(`Slot ${slot} holds ${held} tokens and cannot be rewound to ${length}.`);
    }
    if (length === held) return;
    this.#caches[slot] =
      length === 0
        ? this.#emptyCaches()
        : (this.#caches[slot] ?? []).map((cache) => cutCache(cache, this.#shape, length));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#caches.length = 0;
    await this.#session.release();
  }

  async #append(slot: number, ids: BigInt64Array, start: number): Promise<Float32Array> {
    const { names, contextLength } = this.#folder;
    const end = start + ids.length;
    if (start !== this.#heldTokens(slot) || end > contextLength || ids.length === 0) {
      throw new RangeError(
        `Slot ${slot} holds ${this.#heldTokens(slot)} of ${contextLength} tokens; ${ids.length} cannot be put at ${start}.`,
      );
    }

    const feeds: Record<string, Tensor> = {
      [names.inputIds]: new Tensor('int64', ids, [1, ids.length]),
      [names.attentionMask]: new Tensor('int64', this.#ones.subarray(0, end), [1, end]),
    };
    if (this.#shape.hasPositionIds) {
      const positions = this.#positions.subarray(start, end);
      feeds[names.positionIds] = new Tensor('int64', positions, [1, ids.length]);
    }
    for (const [index, { past }] of this.#shape.caches.entries()) {
      feeds[past] = this.#caches[slot]?.[index] ?? this.#empty;
    }

    const results = await this.#run(feeds);
    this.#caches[slot] = this.#shape.caches.map(({ present }) => takeTensor(results, present));
    return lastRow(takeTensor(results, names.logits), this.vocabularySize);
  }

  async #run(feeds: Record<string, Tensor>): Promise<InferenceSession.ReturnType> {
    try {
      return await this.#session.run(feeds, this.#fetches);
    } catch (error) {
      throw new EngineError(
        'infra',
        `The model run failed on ${this.provider}: ${firstLine(error)}`,
        {
          cause: error,
        },
      );
    }
  }

  #heldTokens(slot: number): number {
    const caches = this.#caches[slot];
    if (!caches) throw new RangeError(`There is no slot ${slot}; this runtime has ${this.slots}.`);
    return caches[0]?.dims[2] ?? 0;
  }

  #emptyCaches(): Tensor[] {
    return this.#shape.caches.map(() => this.#empty);
  }
}

/** Opens the folder's graph. Throws `EngineError` that says what to do. */
export async function openOrtNode(
  folder: ModelFolder,
  spec: Pick<OnnxEngineSpec, 'provider' | 'threads' | 'slots'>,
): Promise<OrtNode> {
  const opened = await openSession(folder.graphPath, spec);
  try {
    return new OrtNode(opened, folder, spec.slots);
  } catch (error) {
    await opened.session.release();
    throw error;
  }
}

type CacheArray = Float32Array | Uint16Array;

function newCache(type: CacheType, length: number): CacheArray {
  return type === 'float32' ? new Float32Array(length) : new Uint16Array(length);
}

function cacheTensor(shape: GraphShape, values: CacheArray, tokens: number): Tensor {
  return new Tensor(shape.cacheType, values, [1, shape.heads, tokens, shape.headSize]);
}

function cutCache(cache: Tensor, shape: GraphShape, length: number): Tensor {
  const held = cache.dims[2] ?? 0;
  const from = rawArray(cache);
  const to = newCache(shape.cacheType, shape.heads * length * shape.headSize);
  for (let head = 0; head < shape.heads; head += 1) {
    const start = head * held * shape.headSize;
    to.set(from.subarray(start, start + length * shape.headSize), head * length * shape.headSize);
  }
  return cacheTensor(shape, to, length);
}

function lastRow(logits: Tensor, vocabularySize: number): Float32Array {
  const values = rawArray(logits);
  const row = values.subarray(values.length - vocabularySize);
  if (row.length !== vocabularySize) {
    throw new EngineError('model', `The graph gave ${row.length} logits, not ${vocabularySize}.`);
  }
  return row instanceof Float32Array ? row : halvesToFloats(row);
}

function rawArray(tensor: Tensor): CacheArray {
  const { data } = tensor;
  if (data instanceof Float32Array || data instanceof Uint16Array) return data;
  // Newer Nodes have a Float16Array, which Node 20's types do not know; its bits are what is wanted.
  if (tensor.type === 'float16' && ArrayBuffer.isView(data)) {
    return new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
  }
  throw new EngineError(
    'model',
    `The graph gave a tensor of ${tensor.type}; expected float32 or float16.`,
  );
}

function takeTensor(results: InferenceSession.ReturnType, name: string): Tensor {
  const value = results[name];
  if (value instanceof Tensor) return value;
  throw new EngineError('model', `The graph gave no ${name}.`);
}
