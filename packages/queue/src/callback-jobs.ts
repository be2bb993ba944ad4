import { connectFailFast, type OnError } from '@runfleet/redis';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

import { type JobEnd, openJobQueue, receiveJobs } from './job-queue.ts';

const QUEUE = 'callbacks';

/** The attempts of all deliveries of a task, or of one delivery, as `attempt` of it counts from 0. */
export type CallbackJob = { organisationId: string } & (
  | { taskId: string }
  | { deliveryId: string; attempt: number }
);

/**
 * One job is one attempt at a callback. A job may be lost, repeated or late: the delivery's row decides
 * whether the attempt takes place.
 */
export type CallbackJobs = AsyncDisposable & {
  /** Adds jobs unless they wait already. Rejects while Redis is unavailable. */
  add(jobs: readonly CallbackJob[], delayMs?: number): Promise<void>;
  /** Runs jobs, at most `atOnce` at a time. Disposing waits for those that run. */
  receive(atOnce: number, run: (job: CallbackJob) => Promise<JobEnd>): AsyncDisposable;
};

export function openCallbackJobs(options: { url: string; onError?: OnError }): CallbackJobs {
  const { url, onError = () => {} } = options;
  const connection = connectFailFast(url, onError);
  const queue = openCallbackQueue(connection, onError);
  return {
    add: (jobs, delayMs = 0) => addCallbackJobs(queue, jobs, delayMs),
    receive: (atOnce, run) =>
      receiveJobs<CallbackJob>(QUEUE, { url, onError, atOnce }, ({ data }) => run(data)),
    async [Symbol.asyncDispose]() {
      await queue.close();
      connection.disconnect();
    },
  };
}

/** The queue over a connection that others use, too. */
export function openCallbackQueue(connection: Redis, onError: OnError): Queue<CallbackJob> {
  return openJobQueue<CallbackJob>(QUEUE, connection, onError);
}

export async function addCallbackJobs(
  queue: Queue<CallbackJob>,
  jobs: readonly CallbackJob[],
  delay = 0,
): Promise<void> {
  if (jobs.length === 0) return;
  await queue.addBulk(
    jobs.map((data) => ({
      name: 'attempt',
      data,
      // A broker adds a job again whose attempt could not be made; a failed one would stop that.
      opts: { jobId: jobIdOf(data), delay, removeOnFail: true },
    })),
  );
}

/** A number alone would be BullMQ's own kind of id. */
function jobIdOf(job: CallbackJob): string {
  return 'taskId' in job ? `task-${job.taskId}` : `${job.deliveryId}-${job.attempt}`;
}
