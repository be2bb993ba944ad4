import { Batcher, isOutcomeUnknown } from '@runfleet/db';

const BATCH_MAX = 128;

/**
 * Shares commits. One bad item must not fail the others: after a refused commit each item is
 * committed alone. A commit that may have happened is not repeated here; only the caller can decide
 * whether repeating it is harmless.
 */
export function groupCommit<T, R>(
  commit: (items: readonly T[]) => Promise<readonly R[]>,
): Batcher<T, R> {
  return new Batcher(commit, {
    itemsMax: BATCH_MAX,
    batchesInFlightMax: 1,
    isSentAlone: (error) => !isOutcomeUnknown(error),
  });
}
