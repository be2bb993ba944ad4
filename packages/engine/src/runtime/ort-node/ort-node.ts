import { EngineError } from '../../engine-error.ts';
import type { OnnxEngineSpec } from '../../engine.ts';
import type { ModelFolder } from '../../folder/model-folder.ts';
import { explainRunFailure } from '../explain-run-failure.ts';
import {
  type CacheType,
  type GraphShape,
  LOGITS_TO_KEEP,
  readGraphShape,
  type TensorDescription,
} from '../graph-shape.ts';
import { halvesToFloats } from '../half-float.ts';
import { CHUNK_TOKENS_MAX, chunkDistance } from '../memory-plan.ts';
import { type InferenceSession, Tensor } from '../onnxruntime-node.ts';
import { describeDevice, type Target } from '../provider.ts';
import type { DecodeRow, Runtime, SlotClass } from '../runtime.ts';
import { cacheBytesPerToken, slotTokens } from '../slot-size.ts';
import { openInferenceSession } from './open-inference-session.ts';

/**
 * The stock binding of onnxruntime-node: correct everywhere, and the reference for faster runtimes.
 *
 * Each step passes the cache to the graph and gets a longer one back, which the binding copies into
 * new memory; the old one is garbage collected. That costs a copy of the whole cache per token (13
 * tokens/s against 42 with device-resident caches on a 228M model at 512 tokens). Rows run one by
 * one, because the graph appends several tokens to a filled cache only at batch 1. `run` blocks its
 * thread, so this belongs in the engine's thread.
 */
export class OrtNode implements Runtime {
  readonly provider: string;
  readonly device: string;
  readonly note = '';
  readonly slotClasses: readonly [SlotClass];
  readonly cacheBytesPerToken: number;
  readonly canCopy = true;
  readonly vocabularySize: number;

  readonly #session: InferenceSession;
  readonly #folder: ModelFolder;
  readonly #shape: GraphShape;
  readonly #fetches: readonly string[];
  readonly #empty: Tensor;
  readonly #ones: BigInt64Array;
  readonly #positions: BigInt64Array;
  /** The tensors of `shape.caches` for each slot, in that order. */
  readonly #caches: Tensor[][];
  #isClosed = false;

  constructor(
    session: InferenceSession,
    folder: ModelFolder,
    spec: Pick<OnnxEngineSpec, 'slots' | 'contextLength'> & Target,
  ) {
    const { shortTokens: tokens } = slotTokens(folder, spec.contextLength);
    this.provider = spec.provider;
    this.device = describeDevice(spec);
    this.slotClasses = [{ first: 0, count: spec.slots, tokens }];
    this.#session = session;
    this.#folder = folder;
    this.#shape = readGraphShape(
      {
        inputs: session.inputMetadata.map(describe),
        outputs: session.outputMetadata.map(describe),
      },
      folder,
    );
    this.vocabularySize = this.#shape.vocabularySize;
    const { caches, heads, headSize, cacheType } = this.#shape;
    this.cacheBytesPerToken = cacheBytesPerToken(
      { tensors: caches.length, heads, headSize, type: cacheType },
      true,
    );
    this.#fetches = [folder.names.logits, ...this.#shape.caches.map(({ present }) => present)];
    this.#ones = new BigInt64Array(tokens).fill(1n);
    this.#positions = BigInt64Array.from({ length: tokens }, (_, at) => BigInt(at));
    this.#empty = cacheTensor(this.#shape, newCache(this.#shape.cacheType, 0), 0);
    this.#caches = Array.from({ length: spec.slots }, () => this.#emptyCaches());
  }

  chunkTokensMax(): number {
    return CHUNK_TOKENS_MAX;
  }

  chunkDistance(): number {
    return chunkDistance(this.provider, CHUNK_TOKENS_MAX);
  }

  async prefillChunk(
    slot: number,
    ids: readonly number[] | Int32Array,
    start: number,
  ): Promise<Float32Array> {
    return lastOf(await this.#append(slot, BigInt64Array.from(ids, BigInt), start));
  }

  async verify(slot: number, ids: readonly number[], start: number): Promise<Float32Array[]> {
    return await this.#append(slot, BigInt64Array.from(ids, BigInt), start);
  }

  async decode(rows: readonly DecodeRow[]): Promise<Float32Array[]> {
    const logits: Float32Array[] = [];
    const before = rows.map(({ slot }) => [slot, this.#held(slot)] as const);
    try {
      for (const { slot, id, length } of rows) {
        logits.push(lastOf(await this.#append(slot, BigInt64Array.of(BigInt(id)), length)));
      }
    } catch (error) {
      for (const [slot, caches] of before) this.#caches[slot] = caches;
      throw error;
    }
    return logits;
  }

  rewind(slot: number, length: number): void {
    const held = this.#heldTokens(slot);
    if (length > held || length < 0) {
      throw new RangeError(`Slot ${slot} holds ${held} tokens and cannot be rewound to ${length}.`);
    }
    if (length < held) this.copy(slot, slot, length);
  }

  copy(from: number, to: number, length: number): void {
    const caches = this.#held(from);
    this.#caches[to] =
      length === 0
        ? this.#emptyCaches()
        : caches.map((cache) => cutCache(cache, this.#shape, length));
  }

  /** The stock binding cannot end a run. */
  terminate(): void {}

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#caches.length = 0;
    await this.#session.release();
  }

  /** The logits after each of `ids`. */
  async #append(slot: number, ids: BigInt64Array, start: number): Promise<Float32Array[]> {
    const { names } = this.#folder;
    const [{ tokens }] = this.slotClasses;
    const end = start + ids.length;
    const caches = this.#held(slot);
    if (start !== this.#heldTokens(slot) || end > tokens || ids.length === 0) {
      throw new RangeError(
        `Slot ${slot} holds ${this.#heldTokens(slot)} of ${tokens} tokens; ${ids.length} cannot be written at ${start}.`,
      );
    }

    const feeds: Record<string, Tensor> = {
      [names.inputIds]: new Tensor('int64', ids, [1, ids.length]),
      [names.attentionMask]: new Tensor('int64', this.#ones.subarray(0, end), [1, end]),
    };
    const { logitsToKeep } = this.#shape;
    if (logitsToKeep) {
      const count = BigInt64Array.of(BigInt(ids.length));
      feeds[LOGITS_TO_KEEP] = new Tensor('int64', count, logitsToKeep);
    }
    if (this.#shape.hasPositionIds) {
      const positions = this.#positions.subarray(start, end);
      feeds[names.positionIds] = new Tensor('int64', positions, [1, ids.length]);
    }
    for (const [index, { past }] of this.#shape.caches.entries()) {
      feeds[past] = caches[index] ?? this.#empty;
    }

    const results = await this.#run(feeds);
    this.#caches[slot] = this.#shape.caches.map(({ present }) => takeTensor(results, present));
    return rowsOf(takeTensor(results, names.logits), this.vocabularySize, ids.length);
  }

  async #run(feeds: Record<string, Tensor>): Promise<InferenceSession.ReturnType> {
    try {
      return await this.#session.run(feeds, this.#fetches);
    } catch (error) {
      throw explainRunFailure(error, this.provider);
    }
  }

  #held(slot: number): Tensor[] {
    if (this.#isClosed) throw new EngineError('infra', 'The runtime is closed.');
    const caches = this.#caches[slot];
    if (caches) return caches;
    throw new RangeError(`There is no slot ${slot}; this runtime has ${this.#caches.length}.`);
  }

  #heldTokens(slot: number): number {
    return this.#held(slot)[0]?.dims[2] ?? 0;
  }

  #emptyCaches(): Tensor[] {
    return this.#shape.caches.map(() => this.#empty);
  }
}

/** Opens the folder's graph on the provider. Throws `EngineError`, which explains what to do. */
export async function openOrtNode(
  folder: ModelFolder,
  spec: Pick<OnnxEngineSpec, 'slots' | 'contextLength'> & Target,
): Promise<OrtNode> {
  const session = await openInferenceSession(folder.graphPath, spec);
  try {
    return new OrtNode(session, folder, spec);
  } catch (error) {
    await session.release();
    throw error;
  }
}

function describe(value: InferenceSession.ValueMetadata): TensorDescription {
  if (!value.isTensor) return { name: value.name, type: 'no tensor', shape: [] };
  const shape = value.shape.map((size) => (typeof size === 'number' ? size : undefined));
  return { name: value.name, type: value.type, shape };
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

function rowsOf(logits: Tensor, vocabularySize: number, count: number): Float32Array[] {
  const values = rawArray(logits);
  if (values.length !== count * vocabularySize) {
    throw new EngineError(
      'model',
      `The graph returned ${values.length} logits, not ${count} times ${vocabularySize}.`,
    );
  }
  return Array.from({ length: count }, (_, at) => {
    const row = values.subarray(at * vocabularySize, (at + 1) * vocabularySize);
    return row instanceof Float32Array ? row : halvesToFloats(row);
  });
}

function lastOf(rows: readonly Float32Array[]): Float32Array {
  return rows.at(-1) ?? new Float32Array();
}

function rawArray(tensor: Tensor): CacheArray {
  const { data } = tensor;
  if (data instanceof Float32Array || data instanceof Uint16Array) return data;
  // Newer versions of Node return a Float16Array, which Node 20's types do not have; only its bits
  // are needed.
  if (tensor.type === 'float16' && ArrayBuffer.isView(data)) {
    return new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
  }
  throw new EngineError(
    'model',
    `The graph returned a tensor of ${tensor.type}; expected float32 or float16.`,
  );
}

function takeTensor(results: InferenceSession.ReturnType, name: string): Tensor {
  const value = results[name];
  if (value instanceof Tensor) return value;
  throw new EngineError('model', `The graph returned no ${name}.`);
}
