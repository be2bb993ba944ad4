export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/**
 * Resolves with the result of `work`. Rejects once the limit has passed or `stopping` aborts, even if
 * the work goes on; then `onLeft` gets a promise that resolves at its end.
 */
export async function runInTime<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { limitMs, stopping }: { limitMs: number; stopping: AbortSignal },
  onLeft: (end: Promise<void>) => void,
): Promise<T> {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, stopping]);
  const limit = setTimeout(() => {
    over.abort(new TimeoutError(`It ran longer than its limit of ${limitMs / 1_000} s.`));
  }, limitMs);
  const working = (async () => work(signal))();
  let isOver = false;
  const ended = working.then(
    () => void (isOver = true),
    () => void (isOver = true),
  );
  try {
    return await Promise.race([working, aborted(signal)]);
  } finally {
    clearTimeout(limit);
    if (!isOver) onLeft(ended);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
