import { connectFailFast, connectSubscriber, type OnError } from '@runfleet/redis';
import { requireRedis } from '@runfleet/redis';
import type { FairPlace, FairTask, Share, TaskInLine } from '@runfleet/scheduler';

import { addCallbackJobs, openCallbackQueue } from './callback-jobs.ts';
import {
  FairIndex,
  type PickedTask,
  type LaneLoad,
  type Release,
  type TenantLoad,
} from './fair-index.ts';
import { wakeChannel, workerChannel } from './keys.ts';
import { PendingChanges } from './pending-changes.ts';

/** `lane` names the lane that the task belongs to. */
export type QueuedTask = FairTask & { lane: string };
export type TaskRelease = Release & { lane: string };
export type TaskWithdrawal = TaskInLine & { lane: string };

/** A tenant's load, and its share by weight among the tenants with tasks, 0..1. */
export type TenantShare = TenantLoad & { share: number };

/** Asks a worker to stop a task that was killed or requeued. */
export type WorkerNotice = { stop: string };

/**
 * The queue in Redis, and the notices that save waiting. Everything here is a hint: `offer`,
 * `release`, `withdraw`, `callBack`, `wake` and `tell` never fail and may be lost; reconcilers and lease
 * renewals repair the loss. All other verbs reject while Redis is unavailable.
 *
 * `FairQueue` in the scheduler defines fair order and the effect of each verb. Each lane has its
 * own index. The plain lane, of tasks that require no labels, has the name of its pool.
 */
export type TaskQueue = AsyncDisposable & {
  /**
   * Adds a queued task to the index unless it is queued or running there, and wakes its pool's
   * broker.
   */
  offer(task: QueuedTask): void;
  /** Ends a picked task's run, charges its use and wakes the pool. Repeats have no effect. */
  release(task: TaskRelease): void;
  /** Removes a task that was killed or expired while it was queued. */
  withdraw(task: TaskWithdrawal): void;
  /** Starts the callbacks of a task that ended. */
  callBack(task: { taskId: string; organisationId: string }): void;
  wake(lane: string): void;
  tell(workerId: string, notice: WorkerNotice): void;

  /** Adds tasks to the index; returns how many were neither queued nor running there. */
  insert(lane: string, tasks: readonly FairTask[]): Promise<number>;
  /**
   * Takes up to `count` tasks, 128 at most, in fair order; they count as running until `release` or
   * `putBack`. Null if the index does not carry `mark` and must be rebuilt.
   */
  pick(lane: string, mark: string, count: number): Promise<PickedTask[] | null>;
  /** Undoes the pick of tasks that got no slot. Returns how many were running. */
  putBack(lane: string, tasks: readonly { taskId: string }[]): Promise<number>;

  /** Deletes a lane's index and its mark, in bounded steps: the first step of a rebuild. */
  clear(lane: string): Promise<void>;
  /** Counts tasks as running that workers already run, for a rebuild. Returns how many were new. */
  restoreRunning(lane: string, tasks: readonly FairTask[]): Promise<number>;
  /**
   * A page of the tasks that count as running. Start with the cursor '0' and stop when `next` is
   * null. Tasks that are added or removed during the scan may be missed or listed twice.
   */
  listRunning(lane: string, cursor: string): Promise<{ tasks: PickedTask[]; next: string | null }>;

  /**
   * The places of tasks, and an estimate of the work that is picked before them; null for a task
   * that is not queued.
   *
   * The place in the line is exact. The work is estimated from the tasks that are queued now: each
   * task counts as its tenant's average, up to 64 tenants in turn (and 16 of the tenant's own keys)
   * are sampled and represent the rest, and tenants at their limit do not count.
   */
  readPlaces(lane: string, tasks: readonly TaskInLine[]): Promise<(FairPlace | null)[]>;
  /**
   * Returns counts. Also compares them with each other: an index that lost a key loses its mark
   * here, so the pool's leader calls this about once a second.
   */
  readLoad(lane: string): Promise<LaneLoad>;
  /**
   * The `limit` tenants with the most tasks, most first. Reads every tenant, so do not call it in a
   * loop.
   */
  readShares(lane: string, limit: number): Promise<TenantShare[]>;

  /**
   * A page of the tenants in the index, with their shares. Start with the cursor '0' and stop when
   * `next` is null. Tenants that are added or removed during the scan may be missed.
   */
  listTenants(
    lane: string,
    cursor: string,
  ): Promise<{ tenants: TenantLoad[]; next: string | null }>;
  /** Changes the shares of tenants with tasks; returns how many had another share before. */
  setShare(lane: string, shares: readonly Share[]): Promise<number>;

  readMark(lane: string): Promise<string | null>;
  writeMark(lane: string, mark: string): Promise<void>;
  /**
   * The id of the server process. It changes at a restart, after which the index cannot be trusted.
   */
  readServerId(): Promise<string>;
  /**
   * Calls the listener with a lane of the pool in which tasks or slots became available. Subscribes
   * when Redis is available, and again after each outage.
   */
  onWake(pool: string, listener: (lane: string) => void): AsyncDisposable;
  onNotice(workerId: string, listener: (notice: WorkerNotice) => void): AsyncDisposable;
  /** Rejects while Redis is unavailable or refuses writes. */
  check(): Promise<void>;
};

/**
 * Connects in the background, and again after each outage. Disposing writes the pending changes.
 */
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
  const wake = (lane: string) => publish(wakeChannel(lane), lane);
  const pending = new PendingChanges({ index, onError });
  let callbacks: ReturnType<typeof openCallbackQueue> | null = null;

  function listen(channel: string, listener: (text: string) => void): AsyncDisposable {
    const set = listeners.get(channel) ?? new Set();
    listeners.set(channel, set.add(listener));
    // Not awaited: a process that starts while Redis is unavailable works without wake-ups until
    // then.
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
    offer: ({ lane, ...task }) => pending.add(lane, { do: 'insert', task }),
    release: ({ lane, ...task }) => pending.add(lane, { do: 'release', task }),
    withdraw: ({ lane, ...task }) => pending.add(lane, { do: 'withdraw', task }),
    callBack(task) {
      callbacks ??= openCallbackQueue(commands, onError);
      addCallbackJobs(callbacks, [task]).catch(onError);
    },
    wake,
    tell: (workerId, notice) => publish(workerChannel(workerId), JSON.stringify(notice)),
    insert: (lane, tasks) => index.insert(lane, tasks),
    pick: (lane, mark, count) => index.pick(lane, mark, count),
    putBack: (lane, tasks) => index.putBack(lane, tasks),
    clear: (lane) => index.clear(lane),
    restoreRunning: (lane, tasks) => index.restoreRunning(lane, tasks),
    listRunning: (lane, cursor) => index.listRunning(lane, cursor),
    readPlaces: (lane, tasks) => index.readPlaces(lane, tasks),
    readLoad: (lane) => index.readLoad(lane),
    readShares: (lane, limit) => readShares(index, lane, limit),
    listTenants: (lane, cursor) => index.listTenants(lane, cursor),
    setShare: (lane, shares) => index.setShare(lane, shares),
    readMark: (lane) => index.readMark(lane),
    writeMark: (lane, mark) => index.writeMark(lane, mark),
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
      await callbacks?.close();
      subscriber.disconnect();
      commands.disconnect();
    },
  };
}

async function readShares(index: FairIndex, lane: string, limit: number): Promise<TenantShare[]> {
  const loads = new Map<string, TenantLoad>();
  let cursor: string | null = '0';
  while (cursor !== null) {
    const page = await index.listTenants(lane, cursor);
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
