import type { TokenReader } from './find-task.ts';

const TOKENS_PER_QUERY_MAX = 256;

type Lookup = {
  token: string;
  resolve: (task: { id: string } | null) => void;
  reject: (reason: unknown) => void;
};

/** Looks tokens up with few statements: whoever asks while one is under way shares the next. */
export function shareLookups(
  readTaskIds: (tokens: readonly string[]) => Promise<ReadonlyMap<string, string>>,
): TokenReader {
  let waiting: Lookup[] = [];
  let isReading = false;

  const readAll = async () => {
    isReading = true;
    while (waiting.length > 0) {
      const lookups = waiting.slice(0, TOKENS_PER_QUERY_MAX);
      waiting = waiting.slice(TOKENS_PER_QUERY_MAX);
      try {
        const ids = await readTaskIds(lookups.map(({ token }) => token));
        for (const { token, resolve } of lookups) {
          const id = ids.get(token);
          resolve(id === undefined ? null : { id });
        }
      } catch (error) {
        for (const { reject } of lookups) reject(error);
      }
    }
    isReading = false;
  };

  return (token) =>
    new Promise((resolve, reject) => {
      waiting.push({ token, resolve, reject });
      if (!isReading) void readAll();
    });
}
