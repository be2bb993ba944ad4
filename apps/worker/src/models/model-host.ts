/**
 * The models that a worker can run. A model is loaded when a task needs it and stays until another
 * needs its memory; then the model that has been idle for longest is unloaded. A model with running
 * tasks is never unloaded. Loads run one at a time, so that two do not count on the same memory.
 */
import { setTimeout as delay } from 'node:timers/promises';

import type { Engine } from '@runfleet/engine';
import type { Logger } from '@runfleet/service';

import { ModelLoadError } from './model-load-error.ts';

export type HostedModel = {
  /** The pool of the tasks that need the model. */
  readonly pool: string;
  /** Its slug: `owner/name`. */
  readonly name: string;
  /** The device memory that it takes once loaded: weights, and every slot's context. */
  readonly bytes: number;
  open(): Promise<Engine>;
};

/** An engine in use: it stays loaded until this is disposed. */
export type ModelUse = Disposable & { readonly engine: Engine };

type Loaded = { readonly engine: Engine; uses: number; lastUsedAt: number };

/** After this wait for memory, the task is requeued: another worker may have room. */
const ROOM_WAIT_MS_MAX = 30_000;

export class ModelHost implements AsyncDisposable {
  readonly models: readonly HostedModel[];
  readonly memoryBytes: number | null;
  readonly #logger: Logger;
  readonly #onChange: () => void;
  readonly #loaded = new Map<string, Loaded>();
  readonly #loading = new Map<string, Promise<void>>();
  /** How many runs wait for each model: a model that a run waits for is not idle. */
  readonly #wanted = new Map<string, number>();
  readonly #closing = new AbortController();
  #lastLoad: Promise<unknown> = Promise.resolve();
  /** Null while no load waits for room. */
  #roomMade: AbortController | null = null;

  /**
   * `loaded` is a model that is already open. `onChange` is called after each load and unload.
   * `memoryBytes` is null if unknown.
   */
  constructor(options: {
    models: readonly HostedModel[];
    memoryBytes: number | null;
    loaded?: { pool: string; engine: Engine };
    logger: Logger;
    onChange: () => void;
  }) {
    this.models = options.models;
    this.memoryBytes = options.memoryBytes;
    this.#logger = options.logger;
    this.#onChange = options.onChange;
    if (options.loaded) this.#hold(options.loaded.pool, options.loaded.engine);
  }

  /** The bytes that each model takes once loaded, by pool. */
  get sizes(): Record<string, number> {
    return Object.fromEntries(this.models.map(({ pool, bytes }) => [pool, bytes]));
  }

  /** The models in memory now, by pool. */
  get loaded(): Record<string, { bytes: number; contextTokens: number }> {
    const entries = this.models.flatMap(({ pool, bytes }) => {
      const contextTokens = this.#loaded.get(pool)?.engine.facts.contextLength;
      return contextTokens === undefined ? [] : [[pool, { bytes, contextTokens }] as const];
    });
    return Object.fromEntries(entries);
  }

  /**
   * The engine of a pool's model, which is loaded first if necessary. Throws `ModelLoadError` if it
   * cannot be loaded here; whatever the reason, another worker may be able to.
   */
  async use(pool: string, signal: AbortSignal): Promise<ModelUse> {
    const model = this.models.find((one) => one.pool === pool);
    if (!model) throw new ModelLoadError(`This worker does not serve the pool ${pool}.`);
    this.#want(pool, 1);
    try {
      for (;;) {
        signal.throwIfAborted();
        const loaded = this.#loaded.get(pool);
        if (loaded) return this.#take(loaded);
        await untilAborted(this.#load(model), signal);
      }
    } finally {
      this.#want(pool, -1);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#lastLoad;
    await Promise.all([...this.#loaded.keys()].map((pool) => this.#unload(pool)));
  }

  #want(pool: string, change: 1 | -1): void {
    this.#wanted.set(pool, (this.#wanted.get(pool) ?? 0) + change);
  }

  #take(loaded: Loaded): ModelUse {
    loaded.uses += 1;
    let isTaken = true;
    return {
      engine: loaded.engine,
      [Symbol.dispose]: () => {
        if (!isTaken) return;
        isTaken = false;
        loaded.uses -= 1;
        loaded.lastUsedAt = performance.now();
        if (loaded.uses === 0) this.#signalRoom();
      },
    };
  }

  /** All runs that need the model share one load. */
  #load(model: HostedModel): Promise<void> {
    const known = this.#loading.get(model.pool);
    if (known) return known;
    const load = this.#lastLoad.then(() => this.#open(model));
    this.#loading.set(model.pool, load);
    this.#lastLoad = load.then(
      () => this.#loading.delete(model.pool),
      () => this.#loading.delete(model.pool),
    );
    return load;
  }

  async #open(model: HostedModel): Promise<void> {
    this.#checkOpen();
    await this.#makeRoom(model);
    const startedAt = performance.now();
    try {
      const engine = await model.open();
      this.#hold(model.pool, engine);
      const ms = Math.round(performance.now() - startedAt);
      // The note describes the device and was logged at startup.
      const { note: _, ...facts } = engine.facts;
      this.#logger.info({ model: model.name, ms, engine: facts }, 'model loaded');
      this.#onChange();
    } catch (error) {
      // A folder that is damaged here may be intact on another worker.
      const reason = error instanceof Error ? error.message : String(error);
      throw new ModelLoadError(`${model.name} could not be loaded: ${reason}`, { cause: error });
    }
  }

  #hold(pool: string, engine: Engine): void {
    this.#loaded.set(pool, { engine, uses: 0, lastUsedAt: performance.now() });
  }

  async #makeRoom(model: HostedModel): Promise<void> {
    const { memoryBytes } = this;
    if (memoryBytes === null) return;
    if (model.bytes > memoryBytes) throw noRoom(model, memoryBytes);
    const giveUpAt = performance.now() + ROOM_WAIT_MS_MAX;
    while (this.#loadedBytes() + model.bytes > memoryBytes) {
      const idle = this.#longestIdle();
      if (idle) await this.#unload(idle);
      else if (performance.now() >= giveUpAt) throw noRoom(model, memoryBytes);
      else await this.#untilRoom(giveUpAt);
    }
  }

  #loadedBytes(): number {
    return Object.values(this.loaded).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #longestIdle(): string | null {
    const idle = [...this.#loaded].filter(
      ([pool, { uses }]) => uses + (this.#wanted.get(pool) ?? 0) === 0,
    );
    const [first] = idle.toSorted(([, one], [, other]) => one.lastUsedAt - other.lastUsedAt);
    return first?.[0] ?? null;
  }

  async #unload(pool: string): Promise<void> {
    const loaded = this.#loaded.get(pool);
    if (!loaded) return;
    this.#loaded.delete(pool);
    await loaded.engine[Symbol.asyncDispose]();
    this.#logger.info({ pool }, 'model unloaded');
    this.#onChange();
  }

  async #untilRoom(giveUpAt: number): Promise<void> {
    this.#roomMade ??= new AbortController();
    const signal = AbortSignal.any([this.#roomMade.signal, this.#closing.signal]);
    await delay(Math.max(0, giveUpAt - performance.now()), undefined, { signal }).catch(() => {});
    this.#checkOpen();
  }

  /** A model that is loaded after the host has closed would never be unloaded. */
  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw new ModelLoadError('The worker is stopping.');
  }

  #signalRoom(): void {
    this.#roomMade?.abort();
    this.#roomMade = null;
  }
}

function noRoom(model: HostedModel, memoryBytes: number): ModelLoadError {
  const [needs, has] = [model.bytes, memoryBytes].map((bytes) => Math.ceil(bytes / 2 ** 20));
  return new ModelLoadError(
    `${model.name} needs ${needs} MiB and the models of this worker share ${has} MiB, which busy ones take. Use fewer slots or a smaller ENGINE_CONTEXT_TOKENS, or set WORKER_MEMORY_BYTES.`,
  );
}

/** Settles as `work` does, or rejects with the signal's reason, whichever comes first. */
async function untilAborted<R>(work: Promise<R>, signal: AbortSignal): Promise<R> {
  const done = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), {
      once: true,
      signal: done.signal,
    });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    done.abort();
  }
}
