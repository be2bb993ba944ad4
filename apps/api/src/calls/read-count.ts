import { isBlank, numberOf } from '@runfleet/catalog';
import { MESSAGES, RunfleetError } from '@runfleet/protocol';

/**
 * A whole number from 0 to `max`, which clients send as a string. Null if it is left out. Throws
 * `invalid_request` for anything else.
 */
export function readCount(
  body: Readonly<Record<string, unknown>>,
  name: string,
  max: number,
): number | null {
  const given = body[name];
  if (isBlank(given)) return null;
  const value = numberOf(given);
  if (!Number.isInteger(value)) throw invalid(MESSAGES.parameterNotNumber(name));
  if (value < 0 || value > max) throw invalid(MESSAGES.parameterOutOfRange(name, 0, max));
  return value;
}

function invalid(message: string): RunfleetError {
  return new RunfleetError('invalid_request', message);
}
