import { GrammarError } from '@runfleet/grammar';

import { EngineError, type EngineErrorKind } from './engine-error.ts';

export type ThreadFailure = { kind: EngineErrorKind; message: string; isTooLong?: boolean };

/**
 * An error in a form that can be sent between threads. An unexpected error counts as this machine's
 * failure.
 */
export function toFailure(error: unknown): ThreadFailure {
  if (error instanceof EngineError) {
    const { kind, message, isTooLong } = error;
    return { kind, message, ...(isTooLong && { isTooLong }) };
  }
  if (error instanceof GrammarError) return { kind: 'input', message: error.message };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: 'infra', message: `The engine failed unexpectedly: ${message}` };
}

export function fromFailure({ kind, message, isTooLong = false }: ThreadFailure): EngineError {
  return new EngineError(kind, message, { isTooLong });
}
