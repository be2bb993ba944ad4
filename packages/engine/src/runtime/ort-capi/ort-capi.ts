import { EngineError } from '../../engine-error.ts';
import type { OnnxEngineSpec } from '../../engine.ts';
import type { ModelFolder } from '../../folder/model-folder.ts';
import { explainLoadFailure, firstLine } from '../explain-load-failure.ts';
import { type GraphShape, readGraphShape } from '../graph-shape.ts';
import {
  chunkDistance,
  chunkNeed,
  type MemoryNeed,
  planChunk,
  planMemory,
} from '../memory-plan.ts';
import type { ProviderName, Target } from '../provider.ts';
import type { DecodeRow, Runtime, SlotClass } from '../runtime.ts';
import { cacheBytesPerToken, slotTokens } from '../slot-size.ts';
import { areChunksSound, SOUND_CHUNK_TOKENS } from './are-chunks-sound.ts';
import type { CacheStore } from './cache-store.ts';
import { type Device, openDevice } from './device.ts';
import { GraphRunner } from './graph-runner.ts';
import { HandleCache } from './handle-cache.ts';
import { type OrtSession, openOrtSession } from './open-ort-session.ts';
import { loadOrtApi, type OrtApi } from './ort-api.ts';
import { SlotCache } from './slot-cache.ts';
import { openSlotMover, type SlotMover } from './slot-mover.ts';

type Opened = {
  api: OrtApi;
  session: OrtSession;
  device: Device;
  shape: GraphShape;
  /** For devices whose tensors have no views. */
  mover: SlotMover | undefined;
};

type SlotLocation = { slotClass: SlotClass; cache: CacheStore; index: number; isLong: boolean };

/**
 * ONNX Runtime through its C API: caches stay on the device, where each run reads and writes them
 * in place; rows of one class are decoded in one run; runs happen on another thread and can be
 * ended.
 *
 * The graph uses two things of the attention mask: the sum of each row, which is its number of
 * tokens, and the width, which chooses the LongRoPE table. Slots between those that are decoded are
 * computed too, as idle rows: each writes one token after its slot's contents, where the slot's
 * next token overwrites it.
 */
export class OrtCapi implements Runtime {
  readonly provider: ProviderName;
  readonly slotClasses: readonly [SlotClass, SlotClass?];
  /** A WebGPU buffer cannot be accessed from here. */
  readonly canCopy: boolean;
  readonly cacheBytesPerToken: number;
  readonly vocabularySize: number;
  readonly #opened: Opened;
  #chunkTokensMax = Number.POSITIVE_INFINITY;
  readonly #need: MemoryNeed;
  readonly #scratchBytes: number;
  readonly #caches: CacheStore[] = [];
  readonly #runner: GraphRunner;
  /** Tokens that each slot holds. */
  readonly #held: number[];
  #call: Promise<unknown> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    opened: Opened,
    folder: ModelFolder,
    options: { provider: ProviderName; slots: number; contextLength?: number | undefined },
  ) {
    const { api, device, shape, mover } = opened;
    this.provider = options.provider;
    this.canCopy = device.hasViews;
    this.vocabularySize = shape.vocabularySize;
    this.#opened = opened;
    this.#need = memoryNeed(opened, folder, options);
    this.cacheBytesPerToken = this.#need.cacheBytesPerToken;

    const { slots, longTokens, scratchBytes } = planMemory(this.#need);
    this.#scratchBytes = scratchBytes;
    const short = { first: 0, count: slots, tokens: this.#need.shortTokens };
    const long = { first: slots, count: 1, tokens: longTokens ?? 0 };
    this.slotClasses = longTokens === undefined ? [short] : [short, long];
    this.#held = Array.from({ length: slots + 1 }, () => 0);
    try {
      for (const slotClass of longTokens === undefined ? [short] : [short, long]) {
        const cache = mover
          ? new HandleCache(api, device, shape, { slotClass, mover })
          : new SlotCache(api, device, shape, slotClass);
        this.#caches.push(cache);
      }
      this.#runner = new GraphRunner(opened, folder.names, {
        provider: options.provider,
        tokensMax: Math.max(slots, this.chunkTokensMax(0) + 1),
        rowsMax: slots,
        maskMax: Math.max(slots * short.tokens, long.tokens),
      });
    } catch (error) {
      for (const cache of this.#caches) cache.close();
      throw error;
    }
  }

  get device(): string {
    return this.#opened.device.description;
  }

  get note(): string {
    return Number.isFinite(this.#chunkTokensMax)
      ? `prompts in chunks of ${this.#chunkTokensMax} because the device's driver computes longer ones wrong`
      : '';
  }

  chunkTokensMax(start: number): number {
    return Math.min(planChunk(this.#need, this.#scratchBytes, start), this.#chunkTokensMax);
  }

  chunkDistance(start: number): number {
    return chunkDistance(this.provider, this.chunkTokensMax(start));
  }

  /** Reads prompts in chunks no longer than this, for a device that computes longer ones wrong. */
  limitChunks(tokens: number): void {
    this.#chunkTokensMax = tokens;
  }

  async prefillChunk(
    slot: number,
    ids: readonly number[] | Int32Array,
    start: number,
  ): Promise<Float32Array> {
    return await this.#alone(async () => {
      await this.#append(slot, ids, start, ids.length - 1);
      return this.#runner.logits(ids.length - 1);
    });
  }

  async verify(slot: number, ids: readonly number[], start: number): Promise<Float32Array[]> {
    return await this.#alone(async () => {
      await this.#append(slot, ids, start, 0);
      return ids.map((_, at) => this.#runner.logits(at));
    });
  }

  async decode(rows: readonly DecodeRow[]): Promise<Float32Array[]> {
    return await this.#alone(() => this.#decode(rows));
  }

  rewind(slot: number, length: number): void {
    this.#locate(slot);
    const held = this.#held[slot] ?? 0;
    if (length > held || length < 0) {
      throw new RangeError(`Slot ${slot} holds ${held} tokens and cannot be rewound to ${length}.`);
    }
    this.#held[slot] = length;
  }

  copy(from: number, to: number, length: number): void {
    const [source, target] = [this.#locate(from), this.#locate(to)];
    const held = this.#held[from] ?? 0;
    if (source.cache !== target.cache || length > held) {
      throw new RangeError(
        `Slot ${from} holds ${held} tokens; ${length} cannot be copied to ${to}.`,
      );
    }
    source.cache.copy(source.index, target.index, length);
    this.#held[to] = length;
  }

  terminate(): void {
    if (this.#call) this.#runner.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.terminate();
    // The caller of that run gets its result; here it only has to end.
    await this.#call?.catch(() => {});
    this.#runner.close();
    for (const cache of this.#caches) cache.close();
    this.#opened.mover?.close();
    this.#opened.device.close();
    this.#opened.session.close();
  }

  /** A call counts as under way from its start, so it can be ended before its run has begun. */
  async #alone<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.#call) throw new Error('A call is under way; only one is allowed at a time.');
    this.#checkOpen();
    this.#runner.allow();
    const running = call();
    this.#call = running;
    try {
      return await running;
    } finally {
      this.#call = undefined;
    }
  }

  async #append(
    slot: number,
    ids: readonly number[] | Int32Array,
    start: number,
    firstLogits: number,
  ): Promise<void> {
    const { cache, index, isLong } = this.#locate(slot);
    this.#checkAppend(slot, ids.length, start);
    const most = this.chunkTokensMax(start);
    if (ids.length > most) {
      throw new RangeError(
        `${ids.length} tokens are too many for a chunk at ${start}, which holds ${most}.`,
      );
    }
    const { hasPositionIds } = this.#opened.shape;
    const end = start + ids.length;
    for (const [at, id] of ids.entries()) {
      this.#runner.ids[at] = BigInt(id);
      this.#runner.positions[at] = BigInt(start + at);
    }

    // If positions choose the LongRoPE table, one token at a position beyond the short table makes
    // the run use the long one. It is after the chunk, where nothing reads it, and the next chunk
    // overwrites it.
    const isPadded = isLong && hasPositionIds && end <= this.#need.shortTokens;
    if (isPadded) {
      this.#runner.ids[ids.length] = 0n;
      this.#runner.positions[ids.length] = BigInt(this.#need.shortTokens);
    }
    const padding = isPadded ? 1 : 0;
    this.#runner.lengths[0] = end + padding;
    await this.#runner.run({
      caches: await cache.forOne(index),
      batch: 1,
      sequence: ids.length + padding,
      width: this.#width(isLong, end + padding),
      firstLogits,
    });
    this.#held[slot] = end;
  }

  async #decode(rows: readonly DecodeRow[]): Promise<Float32Array[]> {
    const [first] = rows;
    if (!first) return [];
    for (const { slot, length } of rows) this.#checkAppend(slot, 1, length);
    const { slotClass, cache, isLong } = this.#locate(first.slot);
    if (rows.some(({ slot }) => this.#locate(slot).cache !== cache)) {
      throw new RangeError('Rows of different slot classes cannot be decoded together.');
    }

    if (rows.length === 1) return [await this.#decodeOne(first)];
    const indexes = rows.map(({ slot }) => slot - slotClass.first);
    const { values, first: index, batch } = await cache.forMany(indexes);
    const lowest = slotClass.first + index;
    for (let row = 0; row < batch; row += 1) this.#putIdle(row, lowest + row, slotClass.tokens);
    for (const { slot, id, length } of rows) this.#put(slot - lowest, id, length);
    const longest = Math.max(...this.#runner.lengths.subarray(0, batch));
    await this.#runner.run({
      caches: values,
      batch,
      sequence: 1,
      width: this.#width(isLong, longest),
      firstLogits: 0,
    });
    return rows.map(({ slot, length }) => {
      this.#held[slot] = length + 1;
      return this.#runner.logits(slot - lowest);
    });
  }

  async #decodeOne({ slot, id, length }: DecodeRow): Promise<Float32Array> {
    const { cache, index, isLong } = this.#locate(slot);
    this.#put(0, id, length);
    await this.#runner.run({
      caches: await cache.forOne(index),
      batch: 1,
      sequence: 1,
      width: this.#width(isLong, length + 1),
      firstLogits: 0,
    });
    this.#held[slot] = length + 1;
    return this.#runner.logits(0);
  }

  #put(row: number, id: number, length: number): void {
    this.#runner.ids[row] = BigInt(id);
    this.#runner.positions[row] = BigInt(length);
    this.#runner.lengths[row] = length + 1;
  }

  /** An idle row; a full slot loses its last token to it. */
  #putIdle(row: number, slot: number, tokens: number): void {
    const length = Math.min(this.#held[slot] ?? 0, tokens - 1);
    this.#held[slot] = length;
    this.#put(row, 0, length);
  }

  /** The width of the mask: beyond the short table's length it makes the graph use the long one. */
  #width(isLong: boolean, length: number): number {
    return isLong ? Math.max(length, this.#need.shortTokens + 1) : length;
  }

  #checkAppend(slot: number, tokens: number, start: number): void {
    const { slotClass } = this.#locate(slot);
    const held = this.#held[slot] ?? 0;
    if (start !== held || start + tokens > slotClass.tokens || tokens === 0) {
      throw new RangeError(
        `Slot ${slot} holds ${held} of ${slotClass.tokens} tokens; ${tokens} cannot be written at ${start}.`,
      );
    }
  }

  /** A closed runtime has freed its memory. */
  #checkOpen(): void {
    if (this.#closing) throw new EngineError('infra', 'The runtime is closed.');
  }

  #locate(slot: number): SlotLocation {
    this.#checkOpen();
    for (const [at, cache] of this.#caches.entries()) {
      const { slotClass } = cache;
      const index = slot - slotClass.first;
      if (index >= 0 && index < slotClass.count) return { slotClass, cache, index, isLong: at > 0 };
    }
    throw new RangeError(`There is no slot ${slot} in this runtime.`);
  }
}

/** Opens the folder's graph on the provider. Throws `EngineError`, which explains what to do. */
export async function openOrtCapi(
  folder: ModelFolder,
  spec: Pick<OnnxEngineSpec, 'slots' | 'contextLength'> & Target,
): Promise<OrtCapi> {
  const api = loadOrtApi();
  const { provider } = spec;
  const session = await openOrtSession(api, folder.graphPath, spec).catch((error: unknown) => {
    if (error instanceof EngineError) throw error;
    throw explainLoadFailure(error, folder.graphPath, provider);
  });
  let device: Device | undefined;
  let mover: SlotMover | undefined;
  let runtime: OrtCapi | undefined;
  try {
    const shape = readGraphShape(session, folder);
    device = openDevice(api, session.pointer, spec);
    if (!device.hasViews) mover = await openSlotMover(api, shape, spec);
    runtime = new OrtCapi({ api, session, device, shape, mover }, folder, spec);
    // The first run compiles and allocates; the first request should not wait for that.
    await warmUp(runtime);
    if (mover) await runTogether(runtime);
    if (provider !== 'cpu' && !(await areChunksSound(runtime))) {
      runtime.limitChunks(SOUND_CHUNK_TOKENS);
    }
    return runtime;
  } catch (error) {
    if (runtime) {
      await runtime[Symbol.asyncDispose]();
    } else {
      mover?.close();
      device?.close();
      session.close();
    }
    throw error;
  }
}

/** Runs the last id, which must have an embedding: a quantized one does not show its size. */
async function warmUp(runtime: OrtCapi): Promise<void> {
  const last = runtime.vocabularySize - 1;
  try {
    await runtime.prefillChunk(0, [last], 0);
  } catch (error) {
    if (!(error instanceof Error) || !/out of data bounds/u.test(error.message)) throw error;
    throw new EngineError(
      'model',
      `The graph has logits for ${last + 1} ids, but no embedding for all of them; its files belong to different models. Copy the model folder again, complete and unchanged.`,
      { cause: error },
    );
  }
  runtime.rewind(0, 0);
}

/**
 * Runs the first and the last slot together. WebGPU accepts a buffer of any size when it is made,
 * and fails the runs that use one larger than the device's limit.
 */
async function runTogether(runtime: OrtCapi): Promise<void> {
  const [{ count, tokens }] = runtime.slotClasses;
  if (count === 1 || tokens === 1) return;
  const slots = [0, count - 1];
  try {
    for (const slot of slots) await runtime.prefillChunk(slot, [0], 0);
    await runtime.decode(slots.map((slot) => ({ slot, id: 0, length: 1 })));
  } catch (error) {
    throw new EngineError(
      'infra',
      `The device's memory does not hold ${count} slots of ${tokens} tokens in one buffer. Use fewer slots or a shorter context. (${firstLine(error)})`,
      { cause: error },
    );
  }
  for (const slot of slots) runtime.rewind(slot, 0);
}

function memoryNeed(
  { device, shape }: Opened,
  folder: ModelFolder,
  { slots, contextLength }: { slots: number; contextLength?: number | undefined },
): MemoryNeed {
  const { heads, headSize, caches, cacheType } = shape;
  return {
    availableBytes: device.freeBytes(),
    cacheBytesPerToken: cacheBytesPerToken(
      { tensors: caches.length, heads, headSize, type: cacheType },
      device.hasViews,
    ),
    ...chunkNeed(shape, folder),
    slots,
    ...slotTokens(folder, contextLength),
  };
}
