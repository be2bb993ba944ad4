import { connectFailFast, connectSubscriber, type OnError } from '@runfleet/redis';
import { requireRedis } from '@runfleet/redis';
import type { FairTask, Share, TaskInLine } from '@runfleet/scheduler';

import {
  FairIndex,
  type PickedTask,
  type Place,
  type PoolLoad,
  type Release,
  type TenantLoad,
} from './fair-index.ts';
import { wakeChannel, workerChannel } from './keys.ts';
import { PendingChanges } from './pending-changes.ts';

export type QueuedTask = FairTask & { pool: string };
export type TaskRelease = Release & { pool: string };
export type TaskReference = TaskInLine & { pool: string };

/** A tenant's load, and the part of the pool that its weight gives it among those with tasks, 0..1. */
export type TenantShare = TenantLoad & { share: number };

/** What a worker is told between tickets: to stop a task that was killed or requeued. */
export type WorkerNotice = { stop: string };

/**
 * The queue in Redis, and the notices that make things fast. Everything here is a hint: `offer`,
 * `release`, `withdraw`, `wake` and `tell` never fail and may be lost; reconcilers and lease renewals
 * make up for it. All others reject while Redis is away.
 *
 * `FairQueue` in the scheduler says what fair order is and what each verb does to it. Where tasks
 * require labels of their workers, `pool` is the name of their lane: each lane has its own index.
 */
export type TaskQueue = AsyncDisposable & {
  /** Puts a queued task in line, unless it is there or runs, and wakes its pool's broker. */
  offer(task: QueuedTask): void;
  /** Ends a picked task's run, charges what it used, and wakes the pool. Again: does nothing. */
  release(task: TaskRelease): void;
  /** Takes a task out that was killed or expired while it was queued. */
  withdraw(task: TaskReference): void;
  wake(pool: string): void;
  tell(workerId: string, notice: WorkerNotice): void;

  /** Puts tasks in line; answers how many were neither there nor running. */
  insert(pool: string, tasks: readonly FairTask[]): Promise<number>;
  /**
   * Takes up to `count` tasks, 128 at most, in fair order; they run from then on, until `release`
   * or `putBack`. Null where the index does not carry `mark` and must be rebuilt.
   */
  pick(pool: string, mark: string, count: number): Promise<PickedTask[] | null>;
  /** For picked tasks that got no slot: as if they had not been picked. Answers how many there were. */
  putBack(pool: string, tasks: readonly { taskId: string }[]): Promise<number>;

  /** Drops a pool's index and its mark, in bounded steps: a rebuild begins with it. */
  clear(pool: string): Promise<void>;
  /** Counts tasks as running that run already, for a rebuild. Answers how many were not known. */
  restoreRunning(pool: string, tasks: readonly FairTask[]): Promise<number>;
  /**
   * A page of the tasks that count as running. Begin with the cursor '0', end where `next` is null.
   * Those that come or go meanwhile may be missed or seen twice.
   */
  listRunning(pool: string, cursor: string): Promise<{ tasks: PickedTask[]; next: string | null }>;

  /**
   * Where tasks stand, and an estimate of the work that goes before them; null for one in no line.
   *
   * The place in the line is exact. The work is what fair order picks first of what is in line now: a
   * tenant's tasks count as their average, up to 64 tenants in turn (and 16 keys of the task's own) are
   * looked at and stand for the rest, and tenants at their limit count for nothing.
   */
  readPlaces(pool: string, tasks: readonly TaskInLine[]): Promise<(Place | null)[]>;
  /**
   * Counts. Also compares them with one another: an index that lost a key loses its mark here, so
   * whoever leads the pool reads them about once a second.
   */
  readPool(pool: string): Promise<PoolLoad>;
  /** The `limit` tenants with the most tasks, most first. Reads every tenant: for pages, not for loops. */
  readShares(pool: string, limit: number): Promise<TenantShare[]>;

  /**
   * A page of the tenants that the index knows, with the shares that it gives them. Begin with the
   * cursor '0', end where `next` is null; those that come or go meanwhile may be missed.
   */
  listTenants(
    pool: string,
    cursor: string,
  ): Promise<{ tenants: TenantLoad[]; next: string | null }>;
  /** Gives tenants with tasks other shares; answers for how many that was news. */
  setShare(pool: string, shares: readonly Share[]): Promise<number>;

  readMark(pool: string): Promise<string | null>;
  writeMark(pool: string, mark: string): Promise<void>;
  /** The server's own id: another one after a restart means that the index cannot be trusted. */
  readServerId(): Promise<string>;
  /**
   * Listens for news of a pool: in which of its lanes tasks or slots became available. From the
   * moment that Redis is there, and again after each of its absences.
   */
  onWake(pool: string, listener: (lane: string) => void): AsyncDisposable;
  onNotice(workerId: string, listener: (notice: WorkerNotice) => void): AsyncDisposable;
  /** Rejects while Redis cannot serve: it is away, or takes no writes. */
  check(): Promise<void>;
};

/** Connects by itself, now and after each absence of Redis. Disposing writes the changes that were told. */
export function openTaskQueue(options: { url: string; onError?: OnError }): TaskQueue {
  const onError = options.onError ?? (() => {});
  const commands = connectFailFast(options.url, onError);
  const subscriber = connectSubscriber(options.url, onError);
  const index = new FairIndex(commands);
  const listeners = new Map<string, Set<(text: string) => void>>();

  subscriber.on('message', (channel: string, text: string) => {
    for (const listener of listeners.get(channel) ?? []) listener(text);
  });

  const publish = (channel: string, text: string) => {
    commands.publish(channel, text).catch(onError);
  };
  const wake = (pool: string) => publish(wakeChannel(pool), pool);
  const pending = new PendingChanges({ index, onError });

  function listen(channel: string, listener: (text: string) => void): AsyncDisposable {
    const set = listeners.get(channel) ?? new Set();
    listeners.set(channel, set.add(listener));
    // Not awaited: whoever starts while Redis is away works without wake-ups until it is there.
    subscriber.subscribe(channel).catch(onError);
    return {
      [Symbol.asyncDispose]: async () => {
        set.delete(listener);
        if (set.size > 0) return;
        listeners.delete(channel);
        if (subscriber.status === 'ready') await subscriber.unsubscribe(channel);
      },
    };
  }

  return {
    offer: ({ pool, ...task }) => pending.add(pool, { do: 'insert', task }),
    release: ({ pool, ...task }) => pending.add(pool, { do: 'release', task }),
    withdraw: ({ pool, ...task }) => pending.add(pool, { do: 'withdraw', task }),
    wake,
    tell: (workerId, notice) => publish(workerChannel(workerId), JSON.stringify(notice)),
    insert: (pool, tasks) => index.insert(pool, tasks),
    pick: (pool, mark, count) => index.pick(pool, mark, count),
    putBack: (pool, tasks) => index.putBack(pool, tasks),
    clear: (pool) => index.clear(pool),
    restoreRunning: (pool, tasks) => index.restoreRunning(pool, tasks),
    listRunning: (pool, cursor) => index.listRunning(pool, cursor),
    readPlaces: (pool, tasks) => index.readPlaces(pool, tasks),
    readPool: (pool) => index.readPool(pool),
    readShares: (pool, limit) => readShares(index, pool, limit),
    listTenants: (pool, cursor) => index.listTenants(pool, cursor),
    setShare: (pool, shares) => index.setShare(pool, shares),
    readMark: (pool) => index.readMark(pool),
    writeMark: (pool, mark) => index.writeMark(pool, mark),
    async readServerId() {
      const id = /^run_id:(\S+)/m.exec(await commands.info('server'))?.[1];
      if (id === undefined) throw new Error('Redis did not report its run_id.');
      return id;
    },
    onWake: (pool, listener) => listen(wakeChannel(pool), listener),
    onNotice: (workerId, listener) =>
      listen(workerChannel(workerId), (text) => listener(JSON.parse(text) as WorkerNotice)),
    async check() {
      await requireRedis(commands);
    },
    async [Symbol.asyncDispose]() {
      await pending.drain();
      subscriber.disconnect();
      commands.disconnect();
    },
  };
}

async function readShares(index: FairIndex, pool: string, limit: number): Promise<TenantShare[]> {
  const loads = new Map<string, TenantLoad>();
  let cursor: string | null = '0';
  while (cursor !== null) {
    const page = await index.listTenants(pool, cursor);
    for (const tenant of page.tenants) {
      if (tenant.queued + tenant.running > 0) loads.set(tenant.organisationId, tenant);
    }
    cursor = page.next;
  }
  const weights = [...loads.values()].reduce((sum, { weight }) => sum + weight, 0);
  return [...loads.values()]
    .toSorted((one, other) => other.queued + other.running - one.queued - one.running)
    .slice(0, limit)
    .map((tenant) => ({ ...tenant, share: tenant.weight / weights }));
}
