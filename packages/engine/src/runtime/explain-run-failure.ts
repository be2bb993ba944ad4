import { EngineError } from '../engine-error.ts';
import { firstLine } from './explain-load-failure.ts';

/** Turns the library's words on a run that failed into what it means for the run's requests. */
export function explainRunFailure(error: unknown, provider: string): EngineError {
  const reason = firstLine(error);
  if (/terminate/iu.test(reason)) {
    return new EngineError('infra', `The model run on ${provider} was ended.`, { cause: error });
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
