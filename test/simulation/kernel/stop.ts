/** Why a run stops early. `fenced`: the task belongs to another attempt, so this one may write nothing. */
export type StopKind = 'fenced' | 'timeout' | 'shutdown';

export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly kind: StopKind;

  constructor(kind: StopKind) {
    super(`stopped: ${kind}`);
    this.kind = kind;
  }
}

/** Stops a run once and rejects everything that waits in it. */
export class Stop {
  kind: StopKind | null = null;
  readonly #waiting = new Set<(reason: Stopped) => void>();

  stop(kind: StopKind): void {
    if (this.kind !== null) return;
    this.kind = kind;
    for (const reject of this.#waiting) reject(new Stopped(kind));
    this.#waiting.clear();
  }

  /** Rejects when the run stops, unless the reason is `except`. */
  async unlessStopped<R>(wait: Promise<R>, except?: StopKind): Promise<R> {
    const kind = this.kind;
    if (kind !== null && kind !== except) {
      wait.catch(() => {});
      throw new Stopped(kind);
    }
    return new Promise<R>((resolve, reject) => {
      const stopped = (reason: Stopped) => {
        if (reason.kind !== except) reject(reason);
      };
      this.#waiting.add(stopped);
      wait.then(resolve, reject).finally(() => this.#waiting.delete(stopped));
    });
  }
}
