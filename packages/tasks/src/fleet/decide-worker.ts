/**
 * The life of a worker's row as decisions: (worker, input, what was seen) to the worker's next
 * state, or to a refusal. Pure and without a clock. Leases are judged in pulses, which brokers
 * tick: while nobody can tick, nothing expires, and a worker's own clock is never asked.
 *
 * A worker's id is its process's: whoever was drained stays drained, however often it connects.
 */

/** A worker as commits see it, under its row lock. */
export type WorkerState = {
  readonly id: string;
  readonly host: string;
  state: 'ready' | 'draining' | 'quarantined' | 'lost' | 'stopped';
  /** Rises at each connection: what an older connection says is refused. */
  generation: number;
  slots: number;
  /** Slots that tasks occupy. */
  used: number;
  renewedPulse: number;
  /** The pulse at which its lease was last kept for it, while its main thread was late to renew. */
  keptPulse: number;
  /** The pulse of the last answer to a renewal that the worker has confirmed. */
  seenPulse: number;
  /** Failures in a row that were the worker's own; a success forgets them. */
  strikes: number;
  quarantinedUntil: number | null;
};

/** What a decision about a worker may know besides its row. */
export type WorkerSeen = {
  readonly pulse: number;
  /** Tasks bound to its generation. */
  readonly bound: number;
  readonly peers?: Peers;
};

/** What surrounds a worker, where the command asks for it. */
export type Peers = {
  /** Other workers that serve one of its pools. */
  readonly ready: number;
  readonly resting: number;
  /** Moments in the last `HOST_LOSS_PULSES` at which its host lost workers. */
  readonly hostLosses: number;
};

const ALONE: Peers = { ready: 0, resting: 0, hostLosses: 0 };

/** `undefined` where nothing is to be written: the worker is not who it says, or all is well. */
export type WorkerDecision = WorkerState | undefined;

/** The pulse does not tick more often; it is meant to tick once a second. */
export const PULSE_MS_MIN = 950;
/** A worker that does not renew for so many pulses is lost. */
export const LEASE_PULSES = 15;
/** A worker that did not renew for so many pulses gets no new tasks until it does. */
export const SILENT_PULSES = 8;
/** Failures in a row after which a worker rests. */
export const STRIKES_MAX = 3;
/** Of the workers of a pool no more rest at a time, lest inputs that break workers stop them all. */
const RESTING_SHARE_MAX = 1 / 4;
/** A host that lost workers at so many moments of late is likelier broken than unlucky. */
export const HOST_LOSSES_MAX = 3;
export const HOST_LOSS_PULSES = 300;
/** Workers that a host lost within so many pulses were lost at one moment, as when it is restarted. */
export const HOST_LOSS_MOMENT_PULSES = 20;
/** How long it rests. One more failure after that sends it back. */
export const QUARANTINE_PULSES = 30;

/**
 * A connection of the worker, with all slots free. A new worker of a host that lost one after the
 * other rests first: it would be idle when theirs come back to the queue, and so get them all.
 */
export function decideRegister(
  worker: WorkerState | null,
  input: { id: string; host: string; slots: number },
  { pulse, peers = ALONE }: WorkerSeen,
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
 * Renews the lease of one connection. `seenPulse` is that of the last answer that the worker got.
 * Refused where another connection took over or the worker was declared lost: it registers anew.
 */
export function decideRenew(
  worker: WorkerState | null,
  input: { generation: number; seenPulse: number },
  { pulse }: WorkerSeen,
): WorkerDecision {
  if (worker?.generation !== input.generation || isGone(worker)) return undefined;
  const seenPulse = Math.max(worker.seenPulse, Math.min(input.seenPulse, pulse));
  return { ...worker, renewedPulse: pulse, seenPulse };
}

/**
 * Keeps the lease of a connection whose worker is too busy to renew it: it is not lost, and gets no new
 * tasks. For how long it may be kept is the worker's affair, which bounds it.
 */
export function decideKeepLease(
  worker: WorkerState | null,
  input: { generation: number },
  { pulse }: WorkerSeen,
): WorkerDecision {
  if (worker?.generation !== input.generation || isGone(worker)) return undefined;
  return { ...worker, keptPulse: pulse };
}

/** No new tasks; those it has, it may finish. Holds for all its connections. */
export function decideDrain(worker: WorkerState | null): WorkerDecision {
  if (worker?.state !== 'ready' && worker?.state !== 'quarantined') return undefined;
  return { ...worker, state: 'draining' };
}

/** The worker leaves the list. What is still bound to it goes back to the queue. */
export function decideRetire(worker: WorkerState | null): WorkerDecision {
  return worker === null || worker.state === 'stopped'
    ? undefined
    : { ...worker, state: 'stopped' };
}

/** Declares a worker lost whose lease ran out. */
export function decideReap(worker: WorkerState | null, { pulse }: WorkerSeen): WorkerDecision {
  if (worker === null || isGone(worker)) return undefined;
  if (pulse - Math.max(worker.renewedPulse, worker.keptPulse) <= LEASE_PULSES) return undefined;
  return { ...worker, state: worker.state === 'draining' ? 'stopped' : 'lost' };
}

/** Sends a worker to rest that failed too often in a row; never the last one, nor too many at once. */
export function decideQuarantine(
  worker: WorkerState | null,
  { pulse, peers = ALONE }: WorkerSeen,
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

/** Takes a rested worker back, on probation: one more failure is enough. */
export function decideParole(worker: WorkerState | null, { pulse }: WorkerSeen): WorkerDecision {
  if (worker?.state !== 'quarantined' || (worker.quarantinedUntil ?? 0) > pulse) return undefined;
  return { ...worker, state: 'ready', strikes: STRIKES_MAX - 1, quarantinedUntil: null };
}

/** Takes a worker back at an operator's word, with a clean slate. */
export function decidePardon(worker: WorkerState | null): WorkerDecision {
  if (worker?.state !== 'quarantined') return undefined;
  return { ...worker, state: 'ready', strikes: 0, quarantinedUntil: null };
}

/** Corrects a slot count that differs from the tasks bound to the worker. */
export function decideSlotCount(worker: WorkerState | null, { bound }: WorkerSeen): WorkerDecision {
  if (worker === null || isGone(worker) || worker.used === bound) return undefined;
  return { ...worker, used: bound };
}

/** Whether the worker can carry nothing any more until it registers anew. */
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
