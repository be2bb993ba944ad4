import { connectBlocking, connectFailFast, type OnError } from '@runfleet/redis';
import { DelayedError, Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';

const QUEUE = 'callbacks';
const EVENTS_KEPT = 100;

/** The attempts of all deliveries of a task, or of one delivery, as `attempt` of it counts from 0. */
export type CallbackJob = { organisationId: string } & (
  | { taskId: string }
  | { deliveryId: string; attempt: number }
);

/** What becomes of a job: it is done, or runs again after a pause. */
export type CallbackJobEnd = 'done' | { againAfterMs: number };

/**
 * One job is one attempt at a callback. A job may be lost, repeated or late: the delivery's row decides
 * whether the attempt takes place.
 */
export type CallbackJobs = AsyncDisposable & {
  /** Adds jobs unless they wait already. Rejects while Redis is unavailable. */
  add(jobs: readonly CallbackJob[], delayMs?: number): Promise<void>;
  /** Runs jobs, at most `atOnce` at a time. Disposing waits for those that run. */
  receive(atOnce: number, run: (job: CallbackJob) => Promise<CallbackJobEnd>): AsyncDisposable;
};

export function openCallbackJobs(options: { url: string; onError?: OnError }): CallbackJobs {
  const onError = options.onError ?? (() => {});
  const connection = connectFailFast(options.url, onError);
  const queue = openCallbackQueue(connection, onError);
  return {
    add: (jobs, delayMs = 0) => addCallbackJobs(queue, jobs, delayMs),
    receive(atOnce, run) {
      const blocking = connectBlocking(options.url, onError);
      const worker = new Worker<CallbackJob>(
        QUEUE,
        async (job, token) => {
          const end = await run(job.data);
          if (end === 'done') return;
          await job.moveToDelayed(Date.now() + end.againAfterMs, token);
          throw new DelayedError();
        },
        { connection: blocking, concurrency: atOnce, drainDelay: 2 },
      );
      worker.on('error', onError);
      return {
        [Symbol.asyncDispose]: async () => {
          await worker.close();
          blocking.disconnect();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await queue.close();
      connection.disconnect();
    },
  };
}

/** The queue over a connection that others use, too. */
export function openCallbackQueue(connection: Redis, onError: OnError): Queue<CallbackJob> {
  const queue = new Queue<CallbackJob>(QUEUE, {
    connection,
    streams: { events: { maxLen: EVENTS_KEPT } },
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  queue.on('error', onError);
  return queue;
}

export async function addCallbackJobs(
  queue: Queue<CallbackJob>,
  jobs: readonly CallbackJob[],
  delay = 0,
): Promise<void> {
  if (jobs.length === 0) return;
  await queue.addBulk(
    jobs.map((data) => ({ name: 'attempt', data, opts: { jobId: jobIdOf(data), delay } })),
  );
}

/** A number alone would be BullMQ's own kind of id. */
function jobIdOf(job: CallbackJob): string {
  return 'taskId' in job ? `task-${job.taskId}` : `${job.deliveryId}-${job.attempt}`;
}
