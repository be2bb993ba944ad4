import { connectFailFast, type OnError } from '@runfleet/redis';

import { type JobEnd, openJobQueue, receiveJobs } from './job-queue.ts';

const QUEUE = 'upkeep';
const ATTEMPTS = 3;
/** The first pause after a failure is this part of the period; the next one is twice as long. */
const BACKOFF_PART = 1 / 10;
const BACKOFF_MS_MAX = 60_000;
/** How late the next turn of a scheduler may be before it counts as lost. */
const LATE_MS = 15_000;

export type Schedule = { name: string; everyMs: number };

/** One run of a scheduled job. `slot` is the start of its period, in unix milliseconds. */
export type Turn = { name: string; slot: number };

/**
 * Jobs that run once per period. A turn may be lost, repeated or late: whether it takes place is
 * decided elsewhere. Slots are multiples of the period, so they stay the same over a loss of Redis.
 */
export type ScheduledJobs = AsyncDisposable & {
  /**
   * Makes the schedules in Redis equal to these: adds those that are missing, changes those that
   * differ, and removes others. Returns how many it changed. Rejects while Redis is unavailable.
   */
  schedule(schedules: readonly Schedule[]): Promise<number>;
  /** Adds a turn that runs at once, unless it waits already. */
  add(schedule: Schedule, slot: number): Promise<void>;
  /** Runs turns, at most `atOnce` at a time. A turn that rejects is tried three times in all. */
  receive(atOnce: number, run: (turn: Turn) => Promise<JobEnd>): AsyncDisposable;
};

export function openScheduledJobs(options: { url: string; onError?: OnError }): ScheduledJobs {
  const { url, onError = () => {} } = options;
  const connection = connectFailFast(url, onError);
  const queue = openJobQueue<object>(QUEUE, connection, onError);
  return {
    async schedule(schedules) {
      const known = new Map((await queue.getJobSchedulers()).map((each) => [each.key, each]));
      let changed = 0;
      for (const { name, everyMs } of schedules) {
        const scheduler = known.get(name);
        known.delete(name);
        // The next turn of a scheduler is added when the last one starts. If that turn is lost, so is
        // every later one, until the scheduler is written again.
        const isLost = (scheduler?.next ?? 0) < Date.now() - LATE_MS;
        if (scheduler?.every === everyMs && !isLost) continue;
        if (scheduler !== undefined) await queue.removeJobScheduler(name);
        const startDate = (Math.floor(Date.now() / everyMs) + 1) * everyMs;
        const opts = optionsOf(everyMs);
        await queue.upsertJobScheduler(name, { every: everyMs, startDate }, { name, opts });
        changed += 1;
      }
      for (const name of known.keys()) {
        if (await queue.removeJobScheduler(name)) changed += 1;
      }
      return changed;
    },
    async add({ name, everyMs }, slot) {
      const opts = { ...optionsOf(everyMs), jobId: `${name}-${slot}`, removeOnFail: true };
      await queue.add(name, {}, opts);
    },
    receive: (atOnce, run) =>
      receiveJobs<object>(QUEUE, { url, onError, atOnce }, ({ name, id }) =>
        run({ name, slot: slotOf(id) }),
      ),
    async [Symbol.asyncDispose]() {
      await queue.close();
      connection.disconnect();
    },
  };
}

function optionsOf(everyMs: number) {
  const delay = Math.min(BACKOFF_MS_MAX, everyMs * BACKOFF_PART);
  return { attempts: ATTEMPTS, backoff: { type: 'exponential', delay } };
}

/** BullMQ names a scheduler's turns `repeat:<name>:<unix ms>`, and `add` ends its ids alike. */
function slotOf(id: string | undefined): number {
  const slot = Number(/[:-](\d+)$/.exec(id ?? '')?.[1]);
  if (!Number.isSafeInteger(slot)) throw new Error('A turn has no slot.');
  return slot;
}
