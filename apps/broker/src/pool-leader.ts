/**
 * Leads one pool, or stands by for it. The leader picks queued tasks in fair order, places them on
 * workers with free slots and sends tickets. It wakes at once when a task is queued or a slot is
 * freed, and looks by itself each second.
 *
 * Leading is an optimisation, not a lock: the assign commit checks task and slots itself.
 */
import { randomUUID } from 'node:crypto';

import type { PickedTask } from '@runfleet/queue';
import { placeTasks } from '@runfleet/scheduler';
import {
  assignTasks,
  leadPool,
  listFreeWorkers,
  listQueuedTasks,
  writeIndexMark,
  yieldPool,
} from '@runfleet/tasks';

import type { BrokerContext } from './context.ts';
import { Signal } from './signal.ts';

const LOOK_EVERY_MS = 1_000;
const RETRY_AFTER_MS = 250;
const PICKED_PER_ROUND_MAX = 64;
const PAGE_TASKS = 5_000;
/** Offers travel for a moment; only what is missing for longer is put in line again. */
const MISSED_AFTER_MS = 2_000;
const MISSED_PAGE_TASKS = 1_000;

export class PoolLeader implements AsyncDisposable {
  readonly #ctx: BrokerContext;
  readonly #pool: string;
  readonly #wake = new Signal();
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #subscription: AsyncDisposable | null = null;
  /** The index that this broker trusts; null while it leads none. */
  #mark: string | null = null;
  #leasedUntil = 0;
  #lookedAt = 0;

  constructor(ctx: BrokerContext, pool: string) {
    this.#ctx = ctx;
    this.#pool = pool;
  }

  start(): void {
    this.#subscription = this.#ctx.queue.onWake(this.#pool, () => this.#wake.raise());
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#wake.raise();
    await this.#running;
    await this.#subscription?.[Symbol.asyncDispose]();
    await yieldPool(this.#ctx, { pool: this.#pool, holder: this.#ctx.brokerId }).catch(() => {
      // The lease runs out by itself.
    });
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        const isDone = await this.#round();
        if (isDone) await this.#wake.wait(LOOK_EVERY_MS);
      } catch (err) {
        this.#ctx.logger.warn({ err, pool: this.#pool }, 'a round of the pool failed');
        this.#mark = null;
        this.#leasedUntil = 0;
        await new Signal().wait(RETRY_AFTER_MS);
      }
    }
  }

  /** One look at the pool. Answers whether there is nothing more to do for now. */
  async #round(): Promise<boolean> {
    if (!(await this.#lead())) return true;
    const { queue } = this.#ctx;
    const pool = this.#pool;
    const mark = this.#mark ?? (await this.#rebuildIndex());

    const startedAt = performance.now();
    const workers = await listFreeWorkers(this.#ctx, pool);
    const free = workers.reduce((sum, worker) => sum + worker.free, 0);
    if (free === 0) return true;
    const picked = await queue.pick(pool, mark, Math.min(free, PICKED_PER_ROUND_MAX));
    if (picked === null) {
      this.#mark = null;
      return false;
    }
    if (picked.length === 0) return true;

    const rooms = workers.map(
      (worker) =>
        ({
          ...worker,
          slots: worker.used + worker.free,
          labels: [],
          fit: 'loaded',
          freeAt: null,
        }) as const,
    );
    const waiting = picked.map(({ taskId: id }) => ({
      id,
      requires: [],
      prefers: null,
      avoids: [],
      heldSince: null,
    }));
    const placements = placeTasks(waiting, { rooms, lanes: [], now: 0 }).flatMap((placed) =>
      placed.do === 'place'
        ? [{ taskId: placed.task.id, workerId: placed.room.id, generation: placed.room.generation }]
        : [],
    );
    const { assigned, unplaced } = await assignTasks(this.#ctx, placements);
    // Not awaited: the next round need not know whether the tickets arrived.
    void this.#sendTickets(assigned);
    await this.#settlePicks(picked, placements, { assigned, unplaced });
    this.#ctx.metrics.roundFinished(pool, {
      assigned: assigned.length,
      unplaced: unplaced.length,
      seconds: (performance.now() - startedAt) / 1_000,
    });
    // Slots that a busier round promised are gone; the next release wakes us.
    return unplaced.length > 0 && assigned.length === 0;
  }

  /** What got no slot stands in line as before; what was not queued any more leaves the index. */
  async #settlePicks(
    picked: readonly PickedTask[],
    placements: readonly { taskId: string }[],
    { assigned, unplaced }: Awaited<ReturnType<typeof assignTasks>>,
  ): Promise<void> {
    const ids = (tasks: readonly { taskId: string }[]) => new Set(tasks.map((task) => task.taskId));
    const [placedIds, assignedIds, unplacedIds] = [ids(placements), ids(assigned), ids(unplaced)];
    const without = picked.filter(
      ({ taskId }) => unplacedIds.has(taskId) || !placedIds.has(taskId),
    );
    if (without.length > 0) await this.#ctx.queue.putBack(this.#pool, without);
    const withoutIds = ids(without);
    for (const task of picked) {
      if (assignedIds.has(task.taskId) || withoutIds.has(task.taskId)) continue;
      this.#ctx.queue.release({ pool: this.#pool, ...task, usedMs: 0 });
    }
  }

  /** A ticket that cannot be sent is found by the worker's next lease renewal. */
  async #sendTickets(
    assigned: readonly { taskId: string; epoch: number; workerId: string }[],
  ): Promise<void> {
    const byWorker = new Map<string, { taskId: string; epoch: number }[]>();
    for (const { workerId, taskId, epoch } of assigned) {
      byWorker.set(workerId, [...(byWorker.get(workerId) ?? []), { taskId, epoch }]);
    }
    await Promise.all(
      [...byWorker].map(([workerId, tickets]) =>
        this.#ctx.tickets.send(workerId, tickets).catch((err: unknown) => {
          this.#ctx.logger.warn({ err, workerId }, 'tickets were not sent');
        }),
      ),
    );
  }

  /** Takes or renews the lead once per look, and then checks what only time can reveal. */
  async #lead(): Promise<boolean> {
    const now = performance.now();
    if (now < this.#leasedUntil && now - this.#lookedAt < LOOK_EVERY_MS) return true;
    const lease = await leadPool(this.#ctx, { pool: this.#pool, holder: this.#ctx.brokerId });
    this.#ctx.metrics.leadershipIs(this.#pool, lease !== null);
    if (!lease) {
      this.#mark = null;
      return false;
    }
    this.#leasedUntil = now + 2 * LOOK_EVERY_MS;
    this.#lookedAt = now;
    await this.#checkIndex(lease.indexMark);
    if (this.#mark !== null) await this.#indexMissed();
    return true;
  }

  /**
   * Trusts the index only where its mark is the one that Postgres remembers as complete, and the
   * server is the one that it was filled on: a restart may bring back an older state.
   */
  async #checkIndex(completeMark: string | null): Promise<void> {
    const [serverId, actualMark] = await Promise.all([
      this.#ctx.queue.readServerId(),
      this.#ctx.queue.readMark(this.#pool),
    ]);
    const isTrusted =
      completeMark !== null &&
      completeMark === actualMark &&
      completeMark.startsWith(`${serverId}:`);
    this.#mark = isTrusted ? completeMark : null;
  }

  /** Fills the index from Postgres in keyset pages, and only then calls it complete. */
  async #rebuildIndex(): Promise<string> {
    const { queue, brokerId: holder, logger, metrics } = this.#ctx;
    const pool = this.#pool;
    const startedAt = performance.now();
    const mark = `${await queue.readServerId()}:${randomUUID()}`;
    await writeIndexMark(this.#ctx, { pool, holder, mark: null });
    await queue.clear(pool);
    await queue.writeMark(pool, mark);

    let afterId = '0';
    let count = 0;
    for (;;) {
      const page = await listQueuedTasks(this.#ctx, { pool, afterId, limit: PAGE_TASKS });
      if (page.length > 0) await queue.insert(pool, page);
      count += page.length;
      const last = page.at(-1);
      if (!last || page.length < PAGE_TASKS) break;
      afterId = last.taskId;
    }
    await writeIndexMark(this.#ctx, { pool, holder, mark });
    metrics.indexRebuilt(pool);
    const ms = Math.round(performance.now() - startedAt);
    logger.info({ pool, tasks: count, ms }, 'queue index filled from Postgres');
    this.#mark = mark;
    return mark;
  }

  /** Puts tasks in line whose offer was lost, oldest first. */
  async #indexMissed(): Promise<void> {
    const pool = this.#pool;
    const queued = await listQueuedTasks(this.#ctx, {
      pool,
      afterId: '0',
      limit: MISSED_PAGE_TASKS,
      minAgeMs: MISSED_AFTER_MS,
    });
    if (queued.length === 0) return;
    const missed = await this.#ctx.queue.insert(pool, queued);
    if (missed > 0) this.#ctx.metrics.repaired('queued-but-not-indexed', missed);
  }
}
