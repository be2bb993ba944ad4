/** Why a run is aborted. `fenced`: the task is not ours any more, so nothing may be written. */
export type StopKind = 'fenced' | 'timeout' | 'shutdown' | 'journal_full';

export class StopReason extends Error {
  override readonly name = 'StopReason';
  readonly kind: StopKind;

  constructor(kind: StopKind) {
    super(`The run was stopped: ${kind}.`);
    this.kind = kind;
  }
}

/** Why `signal` was aborted, or null where `error` has another cause. */
export function stopKindOf(signal: AbortSignal): StopKind | null {
  return signal.aborted && signal.reason instanceof StopReason ? signal.reason.kind : null;
}
