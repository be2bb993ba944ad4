import { readCount } from './read-count.ts';
import { readOneOf } from './read-one-of.ts';

const ORDERS = ['ASC', 'DESC'] as const;

export type Page = { start: number; limit: number; order: (typeof ORDERS)[number] };

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
  const limit = readCount(body, 'limit', START_MAX) ?? LIMIT_DEFAULT;
  return {
    start: readCount(body, 'start', START_MAX) ?? 0,
    limit: Math.min(Math.max(limit, 1), LIMIT_MAX),
    order: readOneOf(body, 'order', ORDERS) ?? defaultOrder,
  };
}
