const ITEMS_MAX = 128;

/** Commits an item at once if no commit is in flight; items that arrive during a commit share the next. */
export function shareCommits<Item, Result>(
  commit: (items: Item[]) => Promise<Result[]>,
): (item: Item) => Promise<Result> {
  type Waiting = {
    item: Item;
    resolve: (result: Result) => void;
    reject: (error: unknown) => void;
  };
  const waiting: Waiting[] = [];
  let isCommitting = false;

  const commitAll = async () => {
    isCommitting = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, ITEMS_MAX);
      try {
        const results = await commit(batch.map(({ item }) => item));
        batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isCommitting = false;
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!isCommitting) void commitAll();
    });
}
