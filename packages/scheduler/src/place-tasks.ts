/**
 * Chooses a worker for each task. Pure: the time is an argument, and equal input gives equal
 * output.
 *
 * Candidates are the workers with a free slot that carry the labels that a task requires and that
 * can hold its model. A task goes
 * 1. to the worker that served its session, whose cache holds its prefix;
 * 2. else to a worker on which its model is loaded, then to one where it fits in free memory, then
 *    to one that must unload an idle model first;
 * 3. among those, to the worker that the fewest waiting lanes can use, so that a worker with
 *    special labels is left to the tasks that need it;
 * 4. among those, to the least loaded, and then to the first by id.
 *
 * For a bounded time, a task waits for the worker of its session if that is full but about to have
 * a free slot, and waits for other workers while it has failed on all free ones.
 */
import { MODEL_FITS, type ModelFit } from './fit-model.ts';
import { carriesLabels } from './lane.ts';

/** The longest wait for a cached prefix: computing the prefix again takes about as long. */
export const SESSION_WAIT_MS_MAX = 2_000;
/**
 * After this wait a task may go back to a worker on which it failed: the worker may not be at
 * fault.
 */
export const AVOID_WAIT_MS_MAX = 10_000;

/** A task that waits for a worker. */
export type WaitingTask = {
  readonly id: string;
  /** Labels that a worker must carry. */
  readonly requires: readonly string[];
  /** The worker that served its session; null if there is none. */
  readonly prefers: string | null;
  /** Workers on which it failed. */
  readonly avoids: readonly string[];
  /** When it was first held, in ms; null if it was not. */
  readonly heldSince: number | null;
};

/** A worker that serves the pool and is ready to take tasks. */
export type Room = {
  readonly id: string;
  readonly slots: number;
  readonly used: number;
  readonly labels: readonly string[];
  readonly fit: ModelFit;
  /** When one of its slots is expected to be free, in ms; null if unknown. */
  readonly freeAt: number | null;
};

export type HeldWhy = 'session' | 'avoided';
/** `labels` or `memory`: no worker with a free slot carries the labels or can hold the model. */
export type UnplacedWhy = 'labels' | 'memory' | 'slots';

export type Placed<T, R> =
  /** `despiteAvoids`: it failed on this worker before, and no other worker can take it. */
  | { readonly do: 'place'; readonly task: T; readonly room: R; readonly despiteAvoids: boolean }
  /** To be placed again when a slot becomes free, and at `until` (ms) at the latest. */
  | { readonly do: 'hold'; readonly task: T; readonly until: number; readonly why: HeldWhy }
  | { readonly do: 'return'; readonly task: T; readonly why: UnplacedWhy };

/**
 * Places tasks of one pool in the given (fair) order and returns one decision per task. `rooms` are
 * all known ready workers of the pool, including full ones; `lanes` are the requirements of the
 * lanes in which tasks wait.
 */
export function placeTasks<T extends WaitingTask, R extends Room>(
  tasks: readonly T[],
  seen: {
    readonly rooms: readonly R[];
    readonly lanes: readonly (readonly string[])[];
    readonly now: number;
  },
): Placed<T, R>[] {
  const { now } = seen;
  const candidates = seen.rooms.map((room) => candidateOf(room, seen.lanes));
  const byId = new Map(candidates.map((candidate) => [candidate.room.id, candidate]));
  const ofLane = new Map<string, Candidate<R>[]>();

  const able = (requires: readonly string[]): Candidate<R>[] => {
    const key = requires.join(',');
    const known = ofLane.get(key);
    if (known) return known;
    const found = candidates.filter(
      ({ room, rank }) => rank > 0 && carriesLabels(room.labels, requires),
    );
    ofLane.set(key, found);
    return found;
  };
  const place = (task: T, to: Candidate<R>, despiteAvoids: boolean): Placed<T, R> => {
    to.used += 1;
    // The following tasks share this load.
    to.rank = LOADED;
    return { do: 'place', task, room: to.room, despiteAvoids };
  };
  const hold = (task: T, why: HeldWhy, forMs: number): Placed<T, R> => ({
    do: 'hold',
    task,
    until: (task.heldSince ?? now) + forMs,
    why,
  });

  return tasks.map((task) => {
    const workers = able(task.requires);
    const wanted = workers.filter(({ room }) => !task.avoids.includes(room.id));
    const heldMs = now - (task.heldSince ?? now);

    const preferred = byId.get(task.prefers ?? '');
    // Unloading a model also drops its cache.
    if (preferred && preferred.room.fit === 'loaded' && wanted.includes(preferred)) {
      if (isFree(preferred)) return place(task, preferred, false);
      const { freeAt } = preferred.room;
      const isSoonFree =
        freeAt !== null && Math.max(freeAt, now) <= now - heldMs + SESSION_WAIT_MS_MAX;
      if (isSoonFree) return hold(task, 'session', SESSION_WAIT_MS_MAX);
    }

    const best = bestOf(wanted);
    if (best) return place(task, best, false);
    const avoided = bestOf(workers);
    if (!avoided) return { do: 'return', task, why: whyNone(candidates, task.requires) };
    if (wanted.length === 0 || heldMs >= AVOID_WAIT_MS_MAX) return place(task, avoided, true);
    return hold(task, 'avoided', AVOID_WAIT_MS_MAX);
  });
}

type Candidate<R> = { readonly room: R; used: number; rank: number; readonly claims: number };

const LOADED = MODEL_FITS.indexOf('loaded');

function candidateOf<R extends Room>(room: R, lanes: readonly (readonly string[])[]): Candidate<R> {
  const claims = lanes.filter((requires) => carriesLabels(room.labels, requires)).length;
  return { room, used: room.used, rank: MODEL_FITS.indexOf(room.fit), claims };
}

const isFree = ({ room, used }: Candidate<Room>): boolean => used < room.slots;

function bestOf<R extends Room>(candidates: readonly Candidate<R>[]): Candidate<R> | null {
  let best: Candidate<R> | null = null;
  for (const candidate of candidates) {
    if (isFree(candidate) && (best === null || isBetter(candidate, best))) best = candidate;
  }
  return best;
}

function isBetter(one: Candidate<Room>, other: Candidate<Room>): boolean {
  if (one.rank !== other.rank) return one.rank > other.rank;
  if (one.claims !== other.claims) return one.claims < other.claims;
  const [load, otherLoad] = [one.used / one.room.slots, other.used / other.room.slots];
  return load === otherLoad ? one.room.id < other.room.id : load < otherLoad;
}

function whyNone(candidates: readonly Candidate<Room>[], requires: readonly string[]): UnplacedWhy {
  const free = candidates.filter(isFree);
  if (free.length === 0) return 'slots';
  return free.some(({ room }) => carriesLabels(room.labels, requires)) ? 'memory' : 'labels';
}
