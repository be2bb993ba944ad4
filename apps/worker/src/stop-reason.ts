/**
 * Why a run is aborted. `fenced`: the task is no longer this worker's, so nothing may be written.
 */
export type StopKind = 'fenced' | 'timeout' | 'shutdown' | 'journal_full' | 'journal_refused';

export class StopReason extends Error {
  override readonly name = 'StopReason';
  readonly kind: StopKind;

  constructor(kind: StopKind, options?: ErrorOptions) {
    super(`The run was stopped: ${kind}.`, options);
    this.kind = kind;
  }
}

/**
 * Aborts when `signal` does, except for a timeout: the output of a timed-out run is still written.
 */
export function unlessTimeout(signal: AbortSignal): AbortSignal {
  const rest = new AbortController();
  const follow = () => {
    if (stopKindOf(signal) !== 'timeout') rest.abort(signal.reason);
  };
  if (signal.aborted) follow();
  else signal.addEventListener('abort', follow, { once: true });
  return rest.signal;
}

/** Why `signal` was aborted; null if it was not, or for a reason of another kind. */
export function stopKindOf(signal: AbortSignal): StopKind | null {
  return signal.aborted && signal.reason instanceof StopReason ? signal.reason.kind : null;
}
