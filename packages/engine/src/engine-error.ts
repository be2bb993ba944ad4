/**
 * Why the engine failed.
 *
 * `input`: the request itself cannot be run; another attempt would not help.
 * `model`: the model folder is damaged or its numbers are (NaN); other machines have the same
 * folder.
 * `infra`: this machine failed (memory, a library, the engine's thread); another one may succeed.
 */
export type EngineErrorKind = 'input' | 'model' | 'infra';

export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly kind: EngineErrorKind;
  /** The prompt is too long: a shorter one could be run. */
  readonly isTooLong: boolean;

  constructor(
    kind: EngineErrorKind,
    message: string,
    options?: ErrorOptions & { isTooLong?: boolean },
  ) {
    super(message, options);
    this.kind = kind;
    this.isTooLong = options?.isTooLong ?? false;
  }
}
