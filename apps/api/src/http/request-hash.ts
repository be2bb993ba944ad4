import { hash } from 'node:crypto';

/**
 * SHA-256 of what a Run asks for, by which a repeat is told from another request under the same
 * key. The order of keys in an object does not count; everything else does, as it was received.
 */
export function requestHash(modelId: string, parameters: Record<string, unknown>): Buffer {
  return hash('sha256', JSON.stringify([modelId, inOrder(parameters)]), 'buffer');
}

/** Rebuilt from entries in order, since `JSON.stringify` writes keys as they were added. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  // Pairs rather than an object, whose integer-like keys would move to the front and whose
  // `__proto__` would be lost.
  return {
    object: Object.entries(value)
      .sort(byKey)
      .map(([key, entry]) => [key, inOrder(entry)]),
  };
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : Number(a > b);
}
