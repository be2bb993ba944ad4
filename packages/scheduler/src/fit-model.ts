/** A model that a worker can load. */
export type WorkerModel = {
  /** The device memory that it takes once loaded: weights, and every slot's context. */
  readonly bytes: number;
  readonly isLoaded: boolean;
  /** Whether the worker has tasks for it; then it is loaded or loading, and must stay in memory. */
  readonly isBusy: boolean;
};

/** How readily a worker can run a model, worst first. */
export const MODEL_FITS = ['none', 'after_unloading', 'in_free_memory', 'loaded'] as const;
export type ModelFit = (typeof MODEL_FITS)[number];

/**
 * How well a pool's model fits a worker. `models` are the models that the worker can load, by pool.
 * `memoryBytes` is null if unknown; then every model fits.
 */
export function fitModel(
  pool: string,
  worker: {
    readonly memoryBytes: number | null;
    readonly models: Readonly<Record<string, WorkerModel>>;
  },
): ModelFit {
  const model = worker.models[pool];
  if (!model) return 'none';
  if (model.isLoaded || model.isBusy) return 'loaded';
  if (worker.memoryBytes === null) return 'in_free_memory';

  const room = worker.memoryBytes - model.bytes;
  const inMemory = Object.values(worker.models).filter((other) => other.isLoaded || other.isBusy);
  const bytesOf = (others: readonly WorkerModel[]) =>
    others.reduce((sum, { bytes }) => sum + bytes, 0);
  if (bytesOf(inMemory) <= room) return 'in_free_memory';
  return bytesOf(inMemory.filter((other) => other.isBusy)) <= room ? 'after_unloading' : 'none';
}
