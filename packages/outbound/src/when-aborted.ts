/** Calls `act` once the signal is aborted, also if it is already. Disposing it ends the wait. */
export function whenAborted(signal: AbortSignal, act: (reason: Error) => void): Disposable {
  const onAbort = () => act(signal.reason as Error);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort);
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', onAbort) };
}
