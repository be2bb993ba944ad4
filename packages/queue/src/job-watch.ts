import { connectFailFast, type OnError } from '@runfleet/redis';

import { JOB_QUEUES, type JobQueueName, openJobQueue } from './job-queue.ts';

export type QueueCounts = {
  queue: JobQueueName;
  waiting: number;
  delayed: number;
  active: number;
  failed: number;
};

export type FailedJob = {
  queue: JobQueueName;
  id: string;
  name: string;
  reason: string;
  attempts: number;
  failedAtMs: number;
};

/** Of each queue. */
const FAILED_LISTED_MAX = 20;
const REASON_CHARACTERS_MAX = 500;

/** What operators see of the job queues, and do to them. All calls reject while Redis is unavailable. */
export type JobWatch = AsyncDisposable & {
  readCounts(): Promise<QueueCounts[]>;
  /** The latest failed jobs of each queue, newest first. */
  listFailed(): Promise<FailedJob[]>;
  /** Runs a failed job again, with as many attempts as a new one. False if there is no such job. */
  retry(job: { queue: string; id: string }): Promise<boolean>;
};

export function openJobWatch(options: { url: string; onError?: OnError }): JobWatch {
  const { url, onError = () => {} } = options;
  const connection = connectFailFast(url, onError);
  const queues = JOB_QUEUES.map((name) => openJobQueue<unknown>(name, connection, onError));
  return {
    readCounts: () =>
      Promise.all(
        queues.map(async (queue) => {
          const counts = await queue.getJobCounts('wait', 'delayed', 'active', 'failed');
          const { wait: waiting = 0, delayed = 0, active = 0, failed = 0 } = counts;
          return { queue: nameOf(queue), waiting, delayed, active, failed };
        }),
      ),
    async listFailed() {
      const lists = await Promise.all(
        queues.map(async (queue) => {
          const jobs = await queue.getFailed(0, FAILED_LISTED_MAX - 1);
          return jobs.map((job) => ({
            queue: nameOf(queue),
            id: job.id ?? '',
            name: job.name,
            reason: (job.failedReason ?? '').slice(0, REASON_CHARACTERS_MAX),
            attempts: job.attemptsMade,
            failedAtMs: job.finishedOn ?? 0,
          }));
        }),
      );
      return lists.flat().toSorted((one, other) => other.failedAtMs - one.failedAtMs);
    },
    async retry({ queue, id }) {
      const found = queues.find(({ name }) => name === queue);
      const job = await found?.getJob(id);
      if (!job || !(await job.isFailed())) return false;
      await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
      return true;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(queues.map((queue) => queue.close()));
      connection.disconnect();
    },
  };
}

/** `openJobQueue` names its queues. */
const nameOf = (queue: { name: string }) => queue.name as JobQueueName;
