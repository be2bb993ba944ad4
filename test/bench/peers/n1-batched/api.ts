import { Queue } from 'bullmq';
import { Redis } from 'ioredis';

import { type Job, sql } from '../n1/tasks-table.ts';
import { environment, QUEUE } from '../wire/peer-environment.ts';
import { type NewRun, serveRuns } from '../wire/serve-runs.ts';
import { shareCommits } from './share-commits.ts';

const queue = new Queue<Job>(QUEUE, { connection: new Redis(environment.REDIS_URL) });
const jobOptions = { attempts: 3, removeOnComplete: true, removeOnFail: true };

const accept = shareCommits(async (runs: NewRun[]) => {
  const rows = await sql<{ id: string; token: string }[]>`
    insert into tasks (token, tenant, parameters)
    select token, tenant, parameters::jsonb from unnest(
      ${runs.map(({ token }) => token)}::text[],
      ${runs.map(({ tenant }) => tenant)}::text[],
      ${runs.map(({ parameters }) => JSON.stringify(parameters))}::text[]
    ) as run (token, tenant, parameters)
    returning id, token`;
  const ids = new Map(rows.map(({ id, token }) => [token, id]));
  const jobs = runs.map(({ token, parameters }) => {
    const id = ids.get(token) ?? '';
    return { id, token, prompt: parameters.prompt };
  });
  await queue.addBulk(
    jobs.map((data) => ({ name: 'run', data, opts: { jobId: `t${data.id}`, ...jobOptions } })),
  );
  return jobs;
});

serveRuns(accept);
