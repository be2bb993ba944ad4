const PAUSE_MS_MIN = 250;
const PAUSE_MS_MAX = 5_000;

/**
 * Waits before the next attempt: twice as long after each failure, with a random factor between 0.5 and
 * 1, so that many clients do not retry at once. Throws the signal's reason if aborted.
 */
export async function pauseAfter(failures: number, signal: AbortSignal | undefined): Promise<void> {
  const whole = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** (failures - 1));
  await new Promise<void>((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, whole * (0.5 + Math.random() / 2));
    if (signal?.aborted) wake();
    signal?.addEventListener('abort', wake);
  });
  signal?.throwIfAborted();
}
