/** Filters of Task/List in the history of one organisation, on a real Postgres. */
import { connectDb } from '@runfleet/db';
import { EVERY_TASK, listTaskSummaries, readTaskCounts, type TaskFilter } from '@runfleet/tasks';
import {
  CREATED_EVERY,
  FIRST_CREATED,
  RARE_MODEL,
  writeHistory,
} from '@runfleet/tasks/testing-history';

import { median } from '../bench/load/statistics.ts';
import { setUpRunfleet } from '../bench/systems/runfleet.ts';
import { bringServers } from '../bench/systems/servers.ts';

const PAGE = { start: 0, limit: 20, order: 'DESC' } as const;
const ROUNDS = 5;

/** Medians of the time of a page with its total, in ms, by filter. */
export async function millionHistory(tasks: number): Promise<Record<string, string>> {
  await using servers = await bringServers(() => {});
  const { template, tenants } = await setUpRunfleet(servers);
  await using db = connectDb(servers.databaseUrl(template), { connections: 2 });
  const [tenant, other] = tenants;
  if (!tenant || !other) throw new Error('There are no tenants.');
  const otherProjectId = other.projectId;
  await writeHistory(db, tenant, { count: tasks, otherProjectId });

  const day = FIRST_CREATED + 100_000 * CREATED_EVERY;
  const filters: Record<string, Partial<TaskFilter>> = {
    'no filter': {},
    'status=ended': { part: 'ended' },
    'status=failed': { part: 'failed' },
    'status=queued': { part: 'queued' },
    'a frequent model': { modelIds: ['598'] },
    'a rare model': { modelIds: [RARE_MODEL] },
    'a rare project': { projectId: otherProjectId },
    'one day of 116': { createdFrom: day, createdBefore: day + 86_400 },
  };
  const measured: Record<string, string> = {};
  for (const [title, changes] of Object.entries(filters)) {
    const filter = { ...EVERY_TASK, organisationId: tenant.organisationId, ...changes };
    const times: number[] = [];
    let found = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const beganAt = performance.now();
      found = (await listTaskSummaries({ db }, { ...filter, ...PAGE })).total;
      times.push(performance.now() - beganAt);
    }
    measured[title] = `${median(times).toFixed(1)} ms, ${found} tasks`;
  }
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const beganAt = performance.now();
    await readTaskCounts({ db }, tenant);
    times.push(performance.now() - beganAt);
  }
  measured['Task/Stat'] = `${median(times).toFixed(1)} ms`;
  return measured;
}
