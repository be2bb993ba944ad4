/** What the BullMQ queues of this package share: their options, and how their jobs run. */
import { connectBlocking, type OnError } from '@runfleet/redis';
import { DelayedError, type Job, Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';

/** Every BullMQ queue besides those of tickets. */
export const JOB_QUEUES = ['callbacks', 'upkeep', 'exports'] as const;

export type JobQueueName = (typeof JOB_QUEUES)[number];

/** What becomes of a job: it is done, or runs again after a pause. */
export type JobEnd = 'done' | { againAfterMs: number };

const EVENTS_KEPT = 100;
/** Failed jobs of a queue that stay in Redis, for operators. */
const FAILED_KEPT = 100;
const FAILED_KEPT_SECONDS = 7 * 24 * 60 * 60;
/** The longest time that an idle worker waits before it looks for delayed jobs again. */
const IDLE_SECONDS = 2;

/** A queue over a connection that others use, too. Jobs that are done leave nothing in Redis. */
export function openJobQueue<Data>(
  name: JobQueueName,
  connection: Redis,
  onError: OnError,
): Queue<Data, unknown, string, Data, unknown, string> {
  const queue = new Queue<Data, unknown, string, Data, unknown, string>(name, {
    connection,
    streams: { events: { maxLen: EVENTS_KEPT } },
    defaultJobOptions: {
      removeOnComplete: true,
      removeOnFail: { count: FAILED_KEPT, age: FAILED_KEPT_SECONDS },
    },
  });
  queue.on('error', onError);
  return queue;
}

/**
 * Runs the jobs of a queue, at most `atOnce` at a time, over a connection of its own. A job whose `run`
 * rejects is tried again as often as its options allow, and then counts as failed. Disposing waits
 * for those that run.
 */
export function receiveJobs<Data>(
  name: JobQueueName,
  options: { url: string; onError: OnError; atOnce: number },
  run: (job: Job<Data>) => Promise<JobEnd>,
): AsyncDisposable {
  const connection = connectBlocking(options.url, options.onError);
  const worker = new Worker<Data>(
    name,
    async (job, token) => {
      const end = await run(job);
      if (end === 'done') return;
      await job.moveToDelayed(Date.now() + end.againAfterMs, token);
      throw new DelayedError();
    },
    { connection, concurrency: options.atOnce, drainDelay: IDLE_SECONDS },
  );
  worker.on('error', options.onError);
  return {
    [Symbol.asyncDispose]: async () => {
      await worker.close();
      connection.disconnect();
    },
  };
}
