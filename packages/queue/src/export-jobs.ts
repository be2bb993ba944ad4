import { connectFailFast, type OnError } from '@runfleet/redis';

import { type JobEnd, openJobQueue, receiveJobs } from './job-queue.ts';

const QUEUE = 'exports';
const ATTEMPTS = 3;
const BACKOFF_MS = 2_000;

/** Writes the file of an export, whose attempts count from 0, or deletes an expired one. */
export type ExportJob = { task: 'write' | 'delete'; id: string; attempt: number };

/** A job may be lost, repeated or late: the export's row decides what takes place. */
export type ExportJobs = AsyncDisposable & {
  /** Adds jobs unless they wait already. Rejects while Redis is unavailable. */
  add(jobs: readonly ExportJob[]): Promise<void>;
  /** Runs jobs, at most `atOnce` at a time. One that rejects is tried three times in all. */
  receive(atOnce: number, run: (job: ExportJob) => Promise<JobEnd>): AsyncDisposable;
};

export function openExportJobs(options: { url: string; onError?: OnError }): ExportJobs {
  const { url, onError = () => {} } = options;
  const connection = connectFailFast(url, onError);
  const queue = openJobQueue<ExportJob>(QUEUE, connection, onError);
  return {
    async add(jobs) {
      if (jobs.length === 0) return;
      await queue.addBulk(
        jobs.map((data) => ({
          name: data.task,
          data,
          opts: {
            jobId: `${data.task}-${data.id}-${data.attempt}`,
            attempts: ATTEMPTS,
            backoff: { type: 'exponential', delay: BACKOFF_MS },
            // A failed job of that id would prevent a later one; an expired export must go.
            ...(data.task === 'delete' ? { removeOnFail: true } : {}),
          },
        })),
      );
    },
    receive: (atOnce, run) =>
      receiveJobs<ExportJob>(QUEUE, { url, onError, atOnce }, ({ data }) => run(data)),
    async [Symbol.asyncDispose]() {
      await queue.close();
      connection.disconnect();
    },
  };
}
