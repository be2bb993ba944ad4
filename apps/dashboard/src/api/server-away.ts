/**
 * Whether the server answers. Every call reports here; while nothing is answered one loop asks
 * again with growing pauses, and pages that show data read it again when `returns` has risen.
 */
export type Reachability = { away: boolean; nextTryAt: number; returns: number };

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10_000;
const PROBE_TIMEOUT_MS = 5000;

let current: Reachability = { away: false, nextTryAt: 0, returns: 0 };
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
  change({ away: false, nextTryAt: 0, returns: current.returns + 1 });
}

export function reportAway(): void {
  if (current.away) return;
  plan();
}

export function tryNow(): void {
  clearTimeout(timer);
  void probe();
}

function plan(): void {
  change({ ...current, away: true, nextTryAt: Date.now() + pauseMs });
  timer = setTimeout(() => void probe(), pauseMs);
  pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
}

async function probe(): Promise<void> {
  change({ ...current, nextTryAt: 0 });
  try {
    const response = await fetch('/healthz', { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    if (response.ok) return reportAnswered();
  } catch {
    // Still away: the next try is planned below.
  }
  plan();
}

function change(next: Reachability): void {
  current = next;
  for (const listener of listeners) listener();
}
