import { EngineError } from '../../engine-error.ts';
import type { GraphNames } from '../../folder/model-config.ts';
import { explainRunFailure } from '../explain-run-failure.ts';
import { type GraphShape, LOGITS_TO_KEEP } from '../graph-shape.ts';
import { widenHalves } from '../half-float.ts';
import type { CacheValues } from './cache-store.ts';
import type { Device } from './device.ts';
import { ELEMENTS, type ElementType } from './elements.ts';
import { allocateHostMemory, type HostMemory } from './host-memory.ts';
import type { OrtSession } from './open-ort-session.ts';
import type { OrtApi, Pointer } from './ort-api.ts';

const LOG_FATAL = 4;

/**
 * A run's shape: `sequence` tokens for each of `batch` rows, and a mask of `width`. The logits before
 * `firstLogits` of each row are not needed.
 */
export type Step = {
  /** Cache tensors in the order of `shape.caches`, which are read and written in place. */
  caches: CacheValues;
  batch: number;
  sequence: number;
  width: number;
  firstLogits: number;
};

/**
 * Runs one session; the caller makes sure that there is one run at a time. The caller fills `ids`,
 * `positions` and `lengths`, row after row, and reads the logits. All of them are in memory that is
 * allocated once.
 */
export class GraphRunner {
  readonly ids: BigInt64Array;
  readonly positions: BigInt64Array;
  /** Tokens in each row's cache after the run. */
  readonly lengths: Float64Array;
  readonly #api: OrtApi;
  readonly #session: OrtSession;
  readonly #shape: GraphShape;
  readonly #names: GraphNames;
  readonly #provider: string;
  readonly #runOptions: Pointer;
  readonly #hostMemory: Pointer;
  readonly #mask: BigInt64Array;
  readonly #logits: Float32Array | Uint16Array;
  readonly #memories: HostMemory[] = [];
  /** One binding for each set of caches, so that its many tensors are bound only once. */
  readonly #bindings = new Map<CacheValues, Pointer>();
  /** How many logits of each row the last run computed, and of how many tokens. */
  #kept = { logits: 1, tokens: 1 };
  readonly #keep = BigInt64Array.of(1n);
  #widened = new Float32Array();

  constructor(
    opened: { api: OrtApi; session: OrtSession; device: Device; shape: GraphShape },
    names: GraphNames,
    options: { provider: string; tokensMax: number; rowsMax: number; maskMax: number },
  ) {
    const { api, session, device, shape } = opened;
    const { tokensMax, rowsMax, maskMax } = options;
    this.#api = api;
    this.#session = session;
    this.#shape = shape;
    this.#names = names;
    this.#provider = options.provider;
    const allocate = (type: ElementType, length: number) => {
      const memory = allocateHostMemory(api, device.hostAllocator, type, length);
      this.#memories.push(memory);
      return memory.buffer;
    };
    // The allocation that may fail comes first, so a failure leaks nothing.
    const logits = allocate(shape.logitsType, tokensMax * shape.vocabularySize);
    this.#logits =
      shape.logitsType === 'float32' ? new Float32Array(logits) : new Uint16Array(logits);
    this.ids = new BigInt64Array(allocate('int64', tokensMax));
    this.positions = new BigInt64Array(allocate('int64', tokensMax));
    this.lengths = new Float64Array(rowsMax);
    this.#mask = new BigInt64Array(allocate('int64', maskMax));
    this.#hostMemory = api.create('CreateCpuMemoryInfo', 1, 0);
    this.#runOptions = api.create('CreateRunOptions');
    api.call('RunOptionsSetRunLogSeverityLevel', this.#runOptions, LOG_FATAL);
  }

  /** Throws `EngineError`, also if the run was terminated. */
  async run(step: Step): Promise<void> {
    const binding = this.#binding(step.caches);
    const values: Pointer[] = [];
    try {
      this.#bindStep(binding, step, values);
      await this.#api.callAsync('RunWithBinding', this.#session.pointer, this.#runOptions, binding);
    } catch (error) {
      // A device may still execute what an ended run has queued, and the caller uses its slots again
      // at once. A device that cannot be waited for fails its next run.
      await this.#api.callAsync('SynchronizeBoundOutputs', binding).catch(() => {});
      throw explainRunFailure(error, this.#provider);
    } finally {
      for (const value of values) this.#api.release('ReleaseValue', value);
    }
  }

  /** Logits after the token at `token`, counted over all rows of the last run. */
  logits(token: number): Float32Array {
    const { vocabularySize } = this.#shape;
    const { logits, tokens } = this.#kept;
    const before = Math.floor(token / tokens) * logits;
    const position = before + (token % tokens) - (tokens - logits);
    const row = this.#logits.subarray(position * vocabularySize, (position + 1) * vocabularySize);
    if (row instanceof Float32Array) return row;

    const needed = (position + 1) * vocabularySize;
    if (this.#widened.length < needed) this.#widened = new Float32Array(needed);
    const wide = this.#widened.subarray(position * vocabularySize, needed);
    widenHalves(row, wide);
    return wide;
  }

  /** Undoes an earlier `terminate`. */
  allow(): void {
    this.#api.call('RunOptionsUnsetTerminate', this.#runOptions);
  }

  /** Ends the current run, and every later one until `allow`. */
  terminate(): void {
    this.#api.call('RunOptionsSetTerminate', this.#runOptions);
  }

  /** Frees everything but the session. No run may be under way. */
  close(): void {
    for (const binding of this.#bindings.values()) this.#api.release('ReleaseIoBinding', binding);
    this.#bindings.clear();
    for (const memory of this.#memories) memory.release();
    this.#api.release('ReleaseRunOptions', this.#runOptions);
    this.#api.release('ReleaseMemoryInfo', this.#hostMemory);
  }

  #binding(caches: CacheValues): Pointer {
    const known = this.#bindings.get(caches);
    if (known !== undefined) return known;

    const binding = this.#api.create('CreateIoBinding', this.#session.pointer);
    try {
      for (const [index, { past, present }] of this.#shape.caches.entries()) {
        const cache = caches[index];
        if (cache === undefined) throw new EngineError('infra', `There is no cache for ${past}.`);
        this.#api.call('BindInput', binding, past, cache);
        this.#api.call('BindOutput', binding, present, cache);
      }
    } catch (error) {
      this.#api.release('ReleaseIoBinding', binding);
      throw error;
    }
    this.#bindings.set(caches, binding);
    return binding;
  }

  /** Adds to `values` what must be released after the run. */
  #bindStep(binding: Pointer, step: Step, values: Pointer[]): void {
    const { batch, sequence, width } = step;
    const tokens = BigInt64Array.of(BigInt(batch), BigInt(sequence));
    for (let row = 0; row < batch; row += 1) {
      const length = this.lengths[row] ?? 0;
      this.#mask.fill(1n, row * width, row * width + length);
      this.#mask.fill(0n, row * width + length, (row + 1) * width);
    }
    const mask = BigInt64Array.of(BigInt(batch), BigInt(width));
    const { vocabularySize } = this.#shape;
    const bind = (
      name: string,
      data: ArrayBufferView,
      bytes: number,
      shape: BigInt64Array,
      type: ElementType,
    ) => {
      const value = this.#api.create(
        'CreateTensorWithDataAsOrtValue',
        this.#hostMemory,
        data,
        bytes,
        shape,
        shape.length,
        ELEMENTS[type].code,
      );
      values.push(value);
      this.#api.call(
        name === this.#names.logits ? 'BindOutput' : 'BindInput',
        binding,
        name,
        value,
      );
    };

    const tokenBytes = batch * sequence * ELEMENTS.int64.bytes;
    bind(this.#names.inputIds, this.ids, tokenBytes, tokens, 'int64');
    const maskBytes = batch * width * ELEMENTS.int64.bytes;
    bind(this.#names.attentionMask, this.#mask, maskBytes, mask, 'int64');
    if (this.#shape.hasPositionIds) {
      bind(this.#names.positionIds, this.positions, tokenBytes, tokens, 'int64');
    }
    const { logitsToKeep } = this.#shape;
    const kept = logitsToKeep ? sequence - step.firstLogits : sequence;
    this.#kept = { logits: kept, tokens: sequence };
    if (logitsToKeep) {
      this.#keep[0] = BigInt(kept);
      bind(
        LOGITS_TO_KEEP,
        this.#keep,
        ELEMENTS.int64.bytes,
        BigInt64Array.from(logitsToKeep, BigInt),
        'int64',
      );
    }
    const type = this.#shape.logitsType;
    const logitsBytes = batch * kept * vocabularySize * ELEMENTS[type].bytes;
    const logits = BigInt64Array.of(BigInt(batch), BigInt(kept), BigInt(vocabularySize));
    bind(this.#names.logits, this.#logits, logitsBytes, logits, type);
  }
}
