/**
 * The life of a worker's row as decisions. Each takes a worker, an input and what was read, and returns
 * the worker's next state or a refusal. They are pure and read no clock. Leases are counted in pulses,
 * which brokers tick: while no broker can tick, nothing expires. The worker's own clock is never used.
 *
 * A worker's id belongs to its process, so a drained worker stays drained however often it connects.
 */

/** A worker's row, read under its lock. */
export type WorkerState = {
  readonly id: string;
  readonly host: string;
  state: 'ready' | 'draining' | 'quarantined' | 'lost' | 'stopped';
  /** Rises at each connection. Commands of an older connection are refused. */
  generation: number;
  slots: number;
  /** Slots that tasks occupy. */
  used: number;
  renewedPulse: number;
  /** The pulse at which its lease was last kept for it, while its main thread was late to renew. */
  keptPulse: number;
  /** The pulse of the last answer to a renewal that the worker has confirmed. */
  seenPulse: number;
  /** Consecutive failures of the worker itself. A success resets them. */
  strikes: number;
  quarantinedUntil: number | null;
};

/** What a decision about a worker reads besides its row. */
export type WorkerSnapshot = {
  readonly pulse: number;
  /** Tasks bound to its generation. */
  readonly bound: number;
  readonly peers?: Peers;
};

/** The worker's surroundings, where the command asks for them. */
export type Peers = {
  /** Other workers that serve one of its pools. */
  readonly ready: number;
  readonly resting: number;
  /** Moments in the last `HOST_LOSS_PULSES` at which its host lost workers. */
  readonly hostLosses: number;
};

const ALONE: Peers = { ready: 0, resting: 0, hostLosses: 0 };

/** `undefined`: nothing is written, because the command is refused or nothing has to change. */
export type WorkerDecision = WorkerState | undefined;

/** The shortest time between two ticks of the pulse, in ms. It should tick once a second. */
export const PULSE_MS_MIN = 950;
/** A worker that does not renew for this many pulses is lost. */
export const LEASE_PULSES = 15;
/** A worker that did not renew for this many pulses gets no new tasks until it does. */
export const SILENT_PULSES = 8;
/** Consecutive failures after which a worker is quarantined. */
export const STRIKES_MAX = 3;
/** The share of a pool's workers that may be quarantined at once, so that bad inputs cannot stop all of them. */
const RESTING_SHARE_MAX = 1 / 4;
/** A host that lost workers at this many recent moments is probably broken. */
export const HOST_LOSSES_MAX = 3;
export const HOST_LOSS_PULSES = 300;
/** Workers that a host lost within this many pulses count as one moment, as when it is restarted. */
export const HOST_LOSS_MOMENT_PULSES = 20;
/** How long a quarantine lasts. One more failure after it starts the next. */
export const QUARANTINE_PULSES = 30;

/**
 * Registers a connection of the worker, with all slots free. A new worker of a host that keeps losing
 * workers is quarantined first: it would be idle when their tasks are requeued, and would get them all.
 */
export function decideRegister(
  worker: WorkerState | null,
  input: { id: string; host: string; slots: number },
  { pulse, peers = ALONE }: WorkerSnapshot,
): WorkerState {
  const fresh = { ...input, used: 0, renewedPulse: pulse, keptPulse: 0, seenPulse: pulse };
  if (worker === null) {
    const first: WorkerState = {
      ...fresh,
      state: 'ready',
      generation: 1,
      strikes: 0,
      quarantinedUntil: null,
    };
    return peers.hostLosses >= HOST_LOSSES_MAX && mayRest(peers) ? rest(first, pulse) : first;
  }
  const isDrained = worker.state === 'draining' || worker.state === 'stopped';
  const rests = worker.quarantinedUntil !== null && worker.quarantinedUntil > pulse;
  return {
    ...worker,
    ...fresh,
    generation: worker.generation + 1,
    state: isDrained ? 'draining' : rests ? 'quarantined' : 'ready',
  };
}

/**
 * Renews the lease of one connection. `seenPulse` is the pulse of the last answer that the worker got.
 * Refused where another connection took over or the worker was declared lost: it must register again.
 */
export function decideRenew(
  worker: WorkerState | null,
  input: { generation: number; seenPulse: number },
  { pulse }: WorkerSnapshot,
): WorkerDecision {
  if (worker?.generation !== input.generation || isGone(worker)) return undefined;
  const seenPulse = Math.max(worker.seenPulse, Math.min(input.seenPulse, pulse));
  return { ...worker, renewedPulse: pulse, seenPulse };
}

/**
 * Keeps the lease of a connection whose worker is too busy to renew it: the worker is not lost, and
 * gets no new tasks. The worker bounds how long it does this.
 */
export function decideKeepLease(
  worker: WorkerState | null,
  input: { generation: number },
  { pulse }: WorkerSnapshot,
): WorkerDecision {
  if (worker?.generation !== input.generation || isGone(worker)) return undefined;
  return { ...worker, keptPulse: pulse };
}

/** Drains a worker: it finishes its tasks and gets no new ones, on all its connections. */
export function decideDrain(worker: WorkerState | null): WorkerDecision {
  if (worker?.state !== 'ready' && worker?.state !== 'quarantined') return undefined;
  return { ...worker, state: 'draining' };
}

/** Retires a worker. Tasks that are still bound to it are requeued. */
export function decideRetire(worker: WorkerState | null): WorkerDecision {
  return worker === null || worker.state === 'stopped'
    ? undefined
    : { ...worker, state: 'stopped' };
}

/** Declares a worker lost after its lease expired. */
export function decideReap(worker: WorkerState | null, { pulse }: WorkerSnapshot): WorkerDecision {
  if (worker === null || isGone(worker)) return undefined;
  if (pulse - Math.max(worker.renewedPulse, worker.keptPulse) <= LEASE_PULSES) return undefined;
  return { ...worker, state: worker.state === 'draining' ? 'stopped' : 'lost' };
}

/** Quarantines a worker after too many consecutive failures, but never the last one or too many at once. */
export function decideQuarantine(
  worker: WorkerState | null,
  { pulse, peers = ALONE }: WorkerSnapshot,
): WorkerDecision {
  if (worker?.state !== 'ready' || worker.strikes < STRIKES_MAX) return undefined;
  return mayRest(peers) ? rest(worker, pulse) : undefined;
}

function mayRest({ ready, resting }: Peers): boolean {
  const restingMax = Math.max(1, Math.floor((1 + ready + resting) * RESTING_SHARE_MAX));
  return ready > 0 && resting < restingMax;
}

function rest(worker: WorkerState, pulse: number): WorkerState {
  return { ...worker, state: 'quarantined', quarantinedUntil: pulse + QUARANTINE_PULSES };
}

/** Ends a quarantine on probation: one more failure starts the next. */
export function decideParole(
  worker: WorkerState | null,
  { pulse }: WorkerSnapshot,
): WorkerDecision {
  if (worker?.state !== 'quarantined' || (worker.quarantinedUntil ?? 0) > pulse) return undefined;
  return { ...worker, state: 'ready', strikes: STRIKES_MAX - 1, quarantinedUntil: null };
}

/** Ends a quarantine because an operator asked, and resets the strikes. */
export function decidePardon(worker: WorkerState | null): WorkerDecision {
  if (worker?.state !== 'quarantined') return undefined;
  return { ...worker, state: 'ready', strikes: 0, quarantinedUntil: null };
}

/** Corrects a slot count that differs from the tasks bound to the worker. */
export function decideSlotCount(
  worker: WorkerState | null,
  { bound }: WorkerSnapshot,
): WorkerDecision {
  if (worker === null || isGone(worker) || worker.used === bound) return undefined;
  return { ...worker, used: bound };
}

/** Whether the worker must register again before it can run tasks. */
export function isGone(worker: WorkerState): boolean {
  return worker.state === 'lost' || worker.state === 'stopped';
}

/** Whether a new task may be bound to this connection of the worker now. */
export function takesTasks(worker: WorkerState, generation: number, pulse: number): boolean {
  return (
    worker.state === 'ready' &&
    worker.generation === generation &&
    worker.used < worker.slots &&
    pulse - worker.renewedPulse <= SILENT_PULSES
  );
}
