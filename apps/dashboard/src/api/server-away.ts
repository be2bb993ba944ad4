/**
 * Whether the server can be reached. Every call reports here. While it is away, one loop probes it with
 * growing pauses; when `returns` rises, pages read their data again.
 */
export type Reachability = { away: boolean; nextAttemptAt: number; returns: number };

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10_000;
const PROBE_TIMEOUT_MS = 5000;

let current: Reachability = { away: false, nextAttemptAt: 0, returns: 0 };
let pauseMs = FIRST_PAUSE_MS;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

export const readReachability = (): Reachability => current;

export function subscribeReachability(onChange: () => void): () => void {
  listeners.add(onChange);
  return () => listeners.delete(onChange);
}

export function reportAnswered(): void {
  if (!current.away) return;
  clearTimeout(timer);
  pauseMs = FIRST_PAUSE_MS;
  change({ away: false, nextAttemptAt: 0, returns: current.returns + 1 });
}

export function reportAway(): void {
  if (current.away) return;
  scheduleProbe();
}

export function retryNow(): void {
  clearTimeout(timer);
  void probe();
}

function scheduleProbe(): void {
  change({ ...current, away: true, nextAttemptAt: Date.now() + pauseMs });
  timer = setTimeout(() => void probe(), pauseMs);
  pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
}

async function probe(): Promise<void> {
  change({ ...current, nextAttemptAt: 0 });
  try {
    const response = await fetch('/healthz', { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    if (response.ok) return reportAnswered();
  } catch {
    // Still away: the next attempt is scheduled below.
  }
  scheduleProbe();
}

function change(next: Reachability): void {
  current = next;
  for (const listener of listeners) listener();
}
