import { Worker } from 'bullmq';
import { Redis } from 'ioredis';

import { echo } from '../wire/echo.ts';
import { FRAMES_CHANNEL, joinFrames, rawOutput } from '../wire/frame.ts';
import { environment, QUEUE, reportReady } from '../wire/peer-environment.ts';
import { framesOf, type Job, sql } from './tasks-table.ts';

const publisher = new Redis(environment.REDIS_URL);

const worker = new Worker<Job>(
  QUEUE,
  async ({ data: { id, token, prompt } }) => {
    const output = await echo(prompt);
    const outputs = [rawOutput(prompt, output)];
    await sql`
      update tasks set status = 'done', output = ${output}, outputs = ${sql.json(outputs as never)},
        finished_at = clock_timestamp()
      where id = ${id}`;
    await publisher.publish(FRAMES_CHANNEL, joinFrames(framesOf({ id, token, output, outputs })));
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
