/**
 * Why the engine could not do what was asked.
 *
 * `input`: the request cannot be run as it is; nobody else's attempt would do better.
 * `model`: the model folder is damaged or its numbers are (NaN); another machine has the same folder.
 * `infra`: this machine failed (memory, a library, the engine's thread); another may succeed.
 */
export type EngineErrorKind = 'input' | 'model' | 'infra';

export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly kind: EngineErrorKind;

  constructor(kind: EngineErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
