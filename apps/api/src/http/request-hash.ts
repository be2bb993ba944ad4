import { hash } from 'node:crypto';

/**
 * The SHA-256 of a Run's model and parameters, which distinguishes a repeat from another request under
 * the same idempotency key. The order of keys in an object does not change it; every other difference
 * in the received parameters does.
 */
export function requestHash(modelId: string, parameters: Record<string, unknown>): Buffer {
  return hash('sha256', JSON.stringify([modelId, inOrder(parameters)]), 'buffer');
}

/** The value with sorted keys, because `JSON.stringify` writes keys in the order of insertion. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  // Pairs, because an object would move integer-like keys to the front and lose `__proto__`.
  return {
    object: Object.entries(value)
      .sort(byKey)
      .map(([key, entry]) => [key, inOrder(entry)]),
  };
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : Number(a > b);
}
