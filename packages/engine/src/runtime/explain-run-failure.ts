import { EngineError } from '../engine-error.ts';
import { firstLine } from './explain-load-failure.ts';

/** Turns the library's message about a failed run into what it means for the run's requests. */
export function explainRunFailure(error: unknown, provider: string): EngineError {
  const reason = firstLine(error);
  if (/terminate/iu.test(reason)) {
    return new EngineError('infra', `The model run on ${provider} was stopped.`, { cause: error });
  }
  if (/requires f16|shader-f16/u.test(reason)) {
    return new EngineError(
      'infra',
      `The device of ${provider} does not compute in half precision. Choose a build of the model with a float32 cache, or provider cpu.`,
      { cause: error },
    );
  }
  if (/alloc|out of memory/iu.test(reason)) {
    return new EngineError(
      'infra',
      `The model run did not get the memory that it needs on ${provider}: ${reason}`,
      { cause: error },
    );
  }
  return new EngineError('infra', `The model run failed on ${provider}: ${reason}`, {
    cause: error,
  });
}
