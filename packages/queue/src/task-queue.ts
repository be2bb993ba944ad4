import { connectFailFast, connectPatient, type OnError } from './connect.ts';
import { FairIndex, type IndexedTask } from './fair-index.ts';
import { wakeChannel, workerChannel } from './keys.ts';

export type QueuedTask = IndexedTask & { pool: string };

/** What a worker is told between tickets: to stop a task that was killed or requeued. */
export type WorkerNotice = { stop: string };

/**
 * The queue in Redis, and the notices that make things fast. Everything here is a hint: `offer`,
 * `wake` and `tell` never fail and may be lost; reconcilers and lease renewals make up for it.
 */
export type TaskQueue = AsyncDisposable & {
  /** Puts a queued task in line and wakes its pool's broker. */
  offer(task: QueuedTask): void;
  wake(pool: string): void;
  tell(workerId: string, notice: WorkerNotice): void;
  /** Puts tasks in line; answers how many were not there yet. Rejects while Redis is away. */
  insert(pool: string, tasks: readonly IndexedTask[]): Promise<number>;
  /** Takes tasks in fair order. Null where the index does not carry `mark` and must be rebuilt. */
  pick(pool: string, mark: string, count: number): Promise<IndexedTask[] | null>;
  readMark(pool: string): Promise<string | null>;
  writeMark(pool: string, mark: string): Promise<void>;
  /** The server's own id: another one after a restart means that the index cannot be trusted. */
  readServerId(): Promise<string>;
  /** Listens from the moment that Redis is there, and again after each of its absences. */
  onWake(pool: string, listener: () => void): AsyncDisposable;
  onNotice(workerId: string, listener: (notice: WorkerNotice) => void): AsyncDisposable;
  check(): Promise<void>;
};

/** More offers than this in one script call would hold up Redis. */
const OFFERS_PER_CALL = 256;
/** While Redis is away offers are dropped past this many; a broker finds them in Postgres. */
const OFFERS_WAITING_MAX = 10_000;

export function openTaskQueue(options: { url: string; onError?: OnError }): TaskQueue {
  const onError = options.onError ?? (() => {});
  const commands = connectFailFast(options.url, onError);
  const subscriber = connectPatient(options.url, onError);
  const index = new FairIndex(commands);
  const listeners = new Map<string, Set<(text: string) => void>>();
  const waiting = new Map<string, IndexedTask[]>();
  let flushing: Promise<void> | null = null;

  subscriber.on('message', (channel: string, text: string) => {
    for (const listener of listeners.get(channel) ?? []) listener(text);
  });

  const publish = (channel: string, text: string) => {
    commands.publish(channel, text).catch(onError);
  };

  /** Offers that arrive during a call to Redis share the next one. */
  async function flushOffers(): Promise<void> {
    while (waiting.size > 0) {
      for (const [pool, tasks] of waiting) {
        const batch = tasks.splice(0, OFFERS_PER_CALL);
        if (tasks.length === 0) waiting.delete(pool);
        try {
          await index.insert(pool, batch);
          publish(wakeChannel(pool), '');
        } catch (error) {
          onError(error as Error);
        }
      }
    }
    flushing = null;
  }

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
    offer({ pool, organisationId, taskId }) {
      const tasks = waiting.get(pool) ?? [];
      if (tasks.length >= OFFERS_WAITING_MAX) return;
      tasks.push({ organisationId, taskId });
      waiting.set(pool, tasks);
      flushing ??= flushOffers();
    },
    wake: (pool) => publish(wakeChannel(pool), ''),
    tell: (workerId, notice) => publish(workerChannel(workerId), JSON.stringify(notice)),
    insert: (pool, tasks) => index.insert(pool, tasks),
    pick: (pool, mark, count) => index.pick(pool, mark, count),
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
      await commands.ping();
    },
    async [Symbol.asyncDispose]() {
      await flushing;
      subscriber.disconnect();
      commands.disconnect();
    },
  };
}
