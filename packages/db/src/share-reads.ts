import { Batcher } from './batcher.ts';

const KEYS_PER_READ_MAX = 256;

/**
 * Reads many keys with few statements. Resolves to null for a key that `readMany` does not find; its
 * rejection reaches every caller that shared the read.
 */
export function shareReads<K, V>(
  readMany: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
): (key: K) => Promise<V | null> {
  const reads = new Batcher<K, V | null>(
    async (keys) => {
      const found = await readMany(keys);
      return keys.map((key) => found.get(key) ?? null);
    },
    { itemsMax: KEYS_PER_READ_MAX, batchesInFlightMax: 1 },
  );
  return (key) => reads.add(key);
}
