import { RunfleetError } from '@runfleet/protocol';

export function refusal(message: string, cause?: unknown): RunfleetError {
  return new RunfleetError('invalid_request', message, { cause });
}
