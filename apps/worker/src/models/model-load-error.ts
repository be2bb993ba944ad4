/** A model that this worker could not load for a task. Another worker may. */
export class ModelLoadError extends Error {
  override readonly name = 'ModelLoadError';
}
