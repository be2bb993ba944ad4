import { Queue } from 'bullmq';
import { Redis } from 'ioredis';

import { environment, QUEUE } from '../wire/peer-environment.ts';
import { serveRuns } from '../wire/serve-runs.ts';
import { type Job, sql } from './event-log.ts';

const queue = new Queue<Job>(QUEUE, { connection: new Redis(environment.REDIS_URL) });
const jobOptions = { attempts: 3, removeOnComplete: true, removeOnFail: true };

serveRuns(async ({ tenant, token, parameters }) => {
  const [row] = await sql<{ id: string }[]>`
    with task as (
      insert into tasks (token, tenant, parameters, status)
      values (${token}, ${tenant}, ${sql.json(parameters)}, 'task_queue') returning id
    )
    insert into events (task_id, seq, type) select id, 1, 'task_queue' from task
    returning task_id as id`;
  const id = row?.id ?? '';
  const job = { id, token, tenant, prompt: parameters.prompt };
  await queue.add('run', job, { jobId: `t${id}`, ...jobOptions });
  return { id };
});
