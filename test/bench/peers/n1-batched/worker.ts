import { Worker } from 'bullmq';
import { Redis } from 'ioredis';

import { framesOf, type Job, sql } from '../n1/tasks-table.ts';
import { echo } from '../wire/echo.ts';
import { FRAMES_CHANNEL, joinFrames, rawOutput } from '../wire/frame.ts';
import { environment, QUEUE, reportReady } from '../wire/peer-environment.ts';
import { shareCommits } from './share-commits.ts';

const publisher = new Redis(environment.REDIS_URL, { enableAutoPipelining: true });

type Finished = { id: string; output: string; outputs: unknown[] };

const finish = shareCommits(async (tasks: Finished[]) => {
  await sql`
    update tasks set status = 'done', output = done.output, outputs = done.outputs::jsonb,
      finished_at = clock_timestamp()
    from unnest(
      ${tasks.map(({ id }) => id)}::bigint[],
      ${tasks.map(({ output }) => output)}::text[],
      ${tasks.map(({ outputs }) => JSON.stringify(outputs))}::text[]
    ) as done (id, output, outputs)
    where tasks.id = done.id`;
  return tasks;
});

const worker = new Worker<Job>(
  QUEUE,
  async ({ data: { id, token, prompt } }) => {
    const output = await echo(prompt);
    const outputs = [rawOutput(prompt, output)];
    await finish({ id, output, outputs });
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
