import { Worker } from 'bullmq';
import { Redis } from 'ioredis';

import { echo } from '../wire/echo.ts';
import { rawOutput } from '../wire/frame.ts';
import { environment, QUEUE, reportReady } from '../wire/peer-environment.ts';
import { EventLog, type Job } from './event-log.ts';

const DOLLARS_PER_SECOND = 0.000585;

const worker = new Worker<Job>(
  QUEUE,
  async ({ data }) => {
    const log = new EventLog(data);
    await log.enter('task_assign');
    await log.enter('task_accept');
    const acceptedAt = Date.now();
    await log.enter('task_preprocess_start');
    await log.enter('task_preprocess_end');
    await log.start();
    const output = await echo(data.prompt);
    await log.record('task_output', { type: 'delta', raw: output });
    await log.record('task_output_full', { raw: output, thinking: [], answer: [output] });
    await log.enter('task_end');
    const seconds = (Date.now() - acceptedAt) / 1_000;
    await log.enter('task_postprocess_start');
    await log.settle((seconds * DOLLARS_PER_SECOND).toFixed(12));
    await log.finish([rawOutput(data.prompt, output)]);
  },
  {
    connection: new Redis(environment.REDIS_URL, { maxRetriesPerRequest: null }),
    concurrency: environment.WORKER_SLOTS,
  },
);
worker.on('failed', (_job, error) => process.stderr.write(`${error.stack}\n`));
worker.on('error', (error) => process.stderr.write(`${error.message}\n`));
await worker.waitUntilReady();
reportReady();
