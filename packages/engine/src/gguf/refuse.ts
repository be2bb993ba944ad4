import { EngineError } from '../engine-error.ts';

/** The error for a GGUF file that is damaged or of a kind that is not supported. */
export function refuse(problem: string): EngineError {
  return new EngineError('model', `The GGUF file ${problem}.`);
}
