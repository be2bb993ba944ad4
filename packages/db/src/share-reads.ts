const KEYS_PER_READ_MAX = 256;

type Asked<K, V> = {
  key: K;
  resolve: (value: V | null) => void;
  reject: (reason: unknown) => void;
};

/**
 * Reads many with few statements: what is asked for in one turn of the event loop, or while a read
 * is under way, shares the next one. Null for what `readMany` does not find; where it rejects,
 * everybody who shared it is told.
 */
export function shareReads<K, V>(
  readMany: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
): (key: K) => Promise<V | null> {
  let waiting: Asked<K, V>[] = [];
  let isReading = false;

  const readAll = async () => {
    isReading = true;
    await endOfTurn();
    while (waiting.length > 0) {
      const asked = waiting.slice(0, KEYS_PER_READ_MAX);
      waiting = waiting.slice(KEYS_PER_READ_MAX);
      try {
        const found = await readMany(asked.map(({ key }) => key));
        for (const { key, resolve } of asked) resolve(found.get(key) ?? null);
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    isReading = false;
  };

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject });
      if (!isReading) void readAll();
    });
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
