import { isBlank, numberOf } from '@runfleet/catalog';
import { MESSAGES, RunfleetError } from '@runfleet/protocol';

export type Page = { start: number; limit: number; order: 'ASC' | 'DESC' };

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 100;
const START_MAX = 1_000_000;

/**
 * `start`, `limit` and `order` of a list, which clients send as strings. A limit above 100 means
 * 100.
 */
export function readPage(
  body: Readonly<Record<string, unknown>>,
  defaultOrder: Page['order'],
): Page {
  const limit = readCount(body, 'limit', LIMIT_DEFAULT);
  return {
    start: readCount(body, 'start', 0),
    limit: Math.min(Math.max(limit, 1), LIMIT_MAX),
    order: readOrder(body['order']) ?? defaultOrder,
  };
}

function readCount(
  body: Readonly<Record<string, unknown>>,
  name: string,
  fallback: number,
): number {
  const given = body[name];
  if (isBlank(given)) return fallback;
  const value = numberOf(given);
  if (!Number.isInteger(value)) throw invalid(MESSAGES.parameterNotNumber(name));
  if (value < 0 || value > START_MAX)
    throw invalid(MESSAGES.parameterOutOfRange(name, 0, START_MAX));
  return value;
}

function readOrder(given: unknown): Page['order'] | null {
  if (isBlank(given)) return null;
  const order = typeof given === 'string' ? given.toUpperCase() : '';
  if (order === 'ASC' || order === 'DESC') return order;
  throw invalid('Request parameter [order] must be ASC or DESC');
}

function invalid(message: string): RunfleetError {
  return new RunfleetError('invalid_request', message);
}
