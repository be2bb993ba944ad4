/**
 * Assigns a pool's tasks to free slots, one round at a time: picks in fair order, places, commits
 * the assignments and sends tickets. A picked task that waits briefly for a better worker is held
 * in memory.
 */
import {
  carriesLabels,
  fitModel,
  LaneMerge,
  type Placed,
  placeTasks,
  type Room,
  type WaitingTask,
} from '@runfleet/scheduler';
import { groupBy } from '@runfleet/service';
import { assignTasks, type PlaceableWorker } from '@runfleet/tasks';

import type { BrokerContext } from './context.ts';
import type { Lane, LanePick, PoolIndex } from './pool-index.ts';
import { SessionMemory } from './session-memory.ts';

const PICKED_PER_ROUND_MAX = 64;
/**
 * While lanes compete, a round picks from at most this many lanes, and this many tasks from each.
 */
const LANES_PER_ROUND_MAX = 8;
const PICKED_PER_LANE_MAX = 16;
/** A round needs no more free workers, because it assigns far fewer tasks. */
const WORKERS_PER_ROUND_MAX = 1_000;
const FLEET_MAX = 10_000;
const HELD_MAX = 64;
const SESSIONS_MAX = 10_000;
const SESSIONS_PER_TENANT_MAX = 1_000;

type Candidate = WaitingTask & LanePick & { session: string | null };
type FleetRoom = Room & { generation: number };

/** `hasMore`: there may be more tasks to pick, and slots for them. */
export type Round = { assigned: number; unplaced: number; hasMore: boolean };

const NOTHING_DONE: Round = { assigned: 0, unplaced: 0, hasMore: false };

export class Dispatcher {
  readonly #ctx: BrokerContext;
  readonly #pool: string;
  readonly #index: PoolIndex;
  readonly #merge = new LaneMerge();
  readonly #sessions = new SessionMemory({
    sessionsMax: SESSIONS_MAX,
    perTenantMax: SESSIONS_PER_TENANT_MAX,
  });
  #fleet = new Map<string, PlaceableWorker>();
  #held: (Placed<Candidate, FleetRoom> & { do: 'hold' })[] = [];
  #excluded: ReadonlySet<string> = new Set();
  #lanesTurn = 0;

  constructor(ctx: BrokerContext, options: { pool: string; index: PoolIndex }) {
    this.#ctx = ctx;
    this.#pool = options.pool;
    this.#index = options.index;
  }

  /** The held tasks, each with the reason. */
  get held(): readonly { task: Candidate; why: 'session' | 'avoided'; until: number }[] {
    return this.#held;
  }

  isHeld(taskId: string): boolean {
    return this.#held.some(({ task }) => task.id === taskId);
  }

  /** The known workers of the pool. */
  get fleet(): readonly PlaceableWorker[] {
    return [...this.#fleet.values()];
  }

  /** Whether no worker was known at the last refresh, and no task is held for one. */
  get isWithoutWorkers(): boolean {
    return this.#fleet.size + this.#held.length === 0;
  }

  /** Reads all workers of the pool, including those without a free slot. */
  async refresh(): Promise<void> {
    const workers = await this.#list({ labels: [], isFree: false, limit: FLEET_MAX });
    this.#fleet = new Map(workers.map((worker) => [worker.id, worker]));
  }

  /** Assigns nothing to these workers, until the next call. */
  exclude(workerIds: ReadonlySet<string>): void {
    this.#excluded = workerIds;
  }

  async round(): Promise<Round> {
    const startedAt = this.#ctx.now();
    const workers = (await this.#listFree()).filter(({ id }) => !this.#excluded.has(id));
    for (const worker of workers) this.#fleet.set(worker.id, worker);
    const rooms = workers.map((worker) => this.#roomOf(worker));
    const picks = await this.#pick(rooms.filter(({ fit }) => fit !== 'none'));
    const held = this.#held.map(({ task }) => task);
    if (rooms.length === 0) await this.#endLongHolds();
    if (rooms.length === 0 || picks.length + held.length === 0) return NOTHING_DONE;
    try {
      return await this.#assign({ workers, rooms, picks, held, startedAt });
    } catch (error) {
      // If the commit succeeded after all, its tasks are refused when they are picked again.
      await this.#index.putBack(picks).catch(() => {
        // The tasks count as running but no worker has them: a reconciler releases them.
      });
      throw error;
    }
  }

  async #assign(found: {
    workers: readonly PlaceableWorker[];
    rooms: readonly FleetRoom[];
    picks: readonly LanePick[];
    held: readonly Candidate[];
    startedAt: number;
  }): Promise<Round> {
    const { workers, rooms, picks, held, startedAt } = found;
    const full = this.#fullRooms(workers);
    const isChoice = rooms.length + full.length > 1;
    const tasks = [...held, ...(await this.#candidates(picks, isChoice))];
    const placed = placeTasks(tasks, {
      rooms: [...rooms, ...(await this.#expectFree(full, tasks))],
      lanes: [...new Set([...this.#index.openLanes, ...tasks.map(({ lane }) => lane)])].map(
        ({ requires }) => requires,
      ),
      now: this.#ctx.now(),
    });
    const { assigned, unplaced } = await this.#settle(placed, startedAt);
    this.#ctx.metrics.roundFinished(this.#pool, {
      picked: picks.length,
      assigned,
      unplaced,
      seconds: (this.#ctx.now() - startedAt) / 1_000,
    });
    // If no task was assigned, the free slots are gone; the next release wakes the leader.
    const isRoomLeft = freeSlots(rooms) > assigned;
    const hasMore = assigned > 0 && isRoomLeft && this.#index.openLanes.length > 0;
    return { assigned, unplaced, hasMore };
  }

  /** Puts the held tasks back, for a leader that stops. */
  async putBackHeld(): Promise<void> {
    const tasks = this.#held.map(({ task }) => task);
    this.#held = [];
    await this.#index.putBack(tasks);
  }

  /** While there is no free slot, puts back the held tasks whose time is over. */
  async #endLongHolds(): Promise<void> {
    const now = this.#ctx.now();
    const ended = this.#held.filter(({ until }) => until <= now);
    this.#held = this.#held.filter(({ until }) => until > now);
    await this.#index.putBack(ended.map(({ task }) => task));
  }

  async #listFree(): Promise<PlaceableWorker[]> {
    const list = (labels: readonly string[]) =>
      this.#list({ labels, isFree: true, limit: WORKERS_PER_ROUND_MAX });
    const workers = await list([]);
    if (workers.length < WORKERS_PER_ROUND_MAX) return workers;
    // In a large fleet, the workers that a lane needs may not be among the first.
    const others = await Promise.all(this.#lanesOfRound().map(({ requires }) => list(requires)));
    return [...new Map([...workers, ...others.flat()].map((one) => [one.id, one])).values()];
  }

  #list(which: { labels: readonly string[]; isFree: boolean; limit: number }) {
    return this.#ctx.reads.listWorkers({ pool: this.#pool, ...which });
  }

  /**
   * Picks as many tasks as there are free slots, in fair order across all lanes that can be served.
   */
  async #pick(rooms: readonly FleetRoom[]): Promise<LanePick[]> {
    const wanted = this.#lanesOfRound()
      .map((lane) => ({ lane, free: freeFor(lane, rooms) }))
      .filter(({ free }) => free > 0);
    const count = Math.min(freeSlots(rooms), PICKED_PER_ROUND_MAX);
    const perLane = wanted.length > 1 ? PICKED_PER_LANE_MAX : count;
    const picks = await Promise.all(
      wanted.map((one) => this.#index.pick(one.lane, Math.min(one.free, perLane))),
    );
    const taken = this.#merge.take(picks, count);
    const isTaken = new Set(taken);
    await this.#index.putBack(picks.flat().filter((pick) => !isTaken.has(pick)));
    return taken;
  }

  /** The plain lane, and some of the others, in rotation. */
  #lanesOfRound(): Lane[] {
    const lanes = this.#index.openLanes;
    if (lanes.length <= LANES_PER_ROUND_MAX) return lanes;
    const others = lanes.filter(({ requires }) => requires.length > 0);
    this.#lanesTurn = (this.#lanesTurn + LANES_PER_ROUND_MAX) % others.length;
    const turn = [...others.slice(this.#lanesTurn), ...others.slice(0, this.#lanesTurn)];
    return [
      ...lanes.filter(({ requires }) => requires.length === 0),
      ...turn.slice(0, LANES_PER_ROUND_MAX - 1),
    ];
  }

  async #candidates(picks: readonly LanePick[], isChoice: boolean): Promise<Candidate[]> {
    const ids = picks.map(({ taskId }) => taskId);
    // With one worker there is no choice, so the preferences do not matter.
    const preferences =
      isChoice && ids.length > 0 ? await this.#ctx.reads.readPreferences(ids) : new Map();
    const isFull = this.#held.length >= HELD_MAX;
    return picks.map((pick) => {
      const { affinity = null, avoids = [] } = preferences.get(pick.taskId) ?? {};
      const session = affinity === null ? null : `${pick.organisationId}:${affinity}`;
      return {
        id: pick.taskId,
        requires: pick.lane.requires,
        session,
        prefers: session === null ? null : this.#sessions.workerOf(session),
        avoids,
        // When no more tasks can be held, treat the task as if it had already been held for long.
        heldSince: isFull ? Number.NEGATIVE_INFINITY : null,
        ...pick,
      };
    });
  }

  #roomOf(worker: PlaceableWorker): FleetRoom {
    return { ...worker, fit: fitModel(this.#pool, worker), freeAt: null };
  }

  #fullRooms(free: readonly PlaceableWorker[]): FleetRoom[] {
    const known = new Set(free.map(({ id }) => id));
    return this.fleet
      .filter(({ id, state }) => state === 'ready' && !known.has(id) && !this.#excluded.has(id))
      .map((worker) => ({ ...this.#roomOf(worker), used: worker.slots }));
  }

  /** Estimates when the full workers that the tasks' sessions prefer will have a free slot. */
  async #expectFree(full: readonly FleetRoom[], tasks: readonly Candidate[]): Promise<FleetRoom[]> {
    const wanted = new Set(tasks.map(({ prefers }) => prefers));
    const preferred = full.filter(({ id }) => wanted.has(id)).map(({ id }) => id);
    if (preferred.length === 0) return [...full];
    const nextFree = await this.#ctx.reads.readNextFree(preferred);
    const now = this.#ctx.now();
    return full.map((room) => {
      const inMs = nextFree.get(room.id);
      return inMs === undefined ? room : { ...room, freeAt: now + inMs };
    });
  }

  async #settle(
    placed: readonly Placed<Candidate, FleetRoom>[],
    now: number,
  ): Promise<{ assigned: number; unplaced: number }> {
    const { metrics, queue } = this.#ctx;
    const places = placed.flatMap((one) => (one.do === 'place' ? [one] : []));
    const returned = placed.flatMap((one) => (one.do === 'return' ? [one.task] : []));
    const byId = new Map(places.map((one) => [one.task.id, one]));
    const { assigned, unplaced, gone } = await assignTasks(
      this.#ctx,
      places.map(({ task, room }) => ({
        taskId: task.id,
        workerId: room.id,
        generation: room.generation,
      })),
    );
    this.#held = placed.flatMap((one) =>
      one.do === 'hold'
        ? [{ ...one, task: { ...one.task, heldSince: one.task.heldSince ?? now } }]
        : [],
    );
    // Not awaited: the next round does not depend on the tickets.
    void this.#sendTickets(assigned);
    const lost = unplaced.flatMap(({ taskId }) => byId.get(taskId)?.task ?? []);
    await this.#index.putBack([...returned, ...lost]);
    for (const { taskId } of gone) {
      const task = byId.get(taskId)?.task;
      if (task) queue.release({ ...nameOf(task), lane: task.lane.name, usedMs: 0 });
    }
    for (const { taskId, workerId } of assigned) {
      const one = byId.get(taskId);
      if (!one) continue;
      const { session, organisationId } = one.task;
      if (session !== null) this.#sessions.remember(session, organisationId, workerId);
      if (one.despiteAvoids) metrics.placedDespiteAvoids(this.#pool);
      metrics.taskWaited(this.#pool, Math.max(0, Date.now() - one.task.queuedAt) / 1_000);
    }
    return { assigned: assigned.length, unplaced: unplaced.length };
  }

  /** If a ticket cannot be sent, the worker's next lease renewal finds the assignment. */
  async #sendTickets(
    assigned: readonly { taskId: string; epoch: number; workerId: string }[],
  ): Promise<void> {
    const byWorker = groupBy(assigned, ({ workerId }) => workerId);
    await Promise.all(
      [...byWorker].map(([workerId, tasks]) =>
        this.#ctx.tickets
          .send(
            workerId,
            tasks.map(({ taskId, epoch }) => ({ taskId, epoch })),
          )
          .catch((err: unknown) => {
            this.#ctx.logger.warn({ err, workerId }, 'tickets were not sent');
          }),
      ),
    );
  }
}

function freeFor({ requires }: Lane, rooms: readonly FleetRoom[]): number {
  return freeSlots(rooms.filter(({ labels }) => carriesLabels(labels, requires)));
}

function freeSlots(rooms: readonly FleetRoom[]): number {
  return rooms.reduce((sum, room) => sum + room.slots - room.used, 0);
}

const nameOf = ({ organisationId, taskId, fairnessKey }: LanePick) => ({
  organisationId,
  taskId,
  fairnessKey,
});
