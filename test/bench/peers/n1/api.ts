import { Queue } from 'bullmq';
import { Redis } from 'ioredis';

import { environment, QUEUE } from '../wire/peer-environment.ts';
import { serveRuns } from '../wire/serve-runs.ts';
import { type Job, sql } from './tasks-table.ts';

const queue = new Queue<Job>(QUEUE, { connection: new Redis(environment.REDIS_URL) });
const jobOptions = { attempts: 3, removeOnComplete: true, removeOnFail: true };

serveRuns(async ({ tenant, token, parameters }) => {
  const [row] = await sql<{ id: string }[]>`
    insert into tasks (token, tenant, parameters)
    values (${token}, ${tenant}, ${sql.json(parameters)}) returning id`;
  const id = row?.id ?? '';
  await queue.add(
    'run',
    { id, token, prompt: parameters.prompt },
    { jobId: `t${id}`, ...jobOptions },
  );
  return { id };
});
