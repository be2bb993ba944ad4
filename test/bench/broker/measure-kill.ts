import { setTimeout as delay } from 'node:timers/promises';

import { RunClient } from '../load/run-client.ts';
import { runfleet, type RunfleetSetup } from '../systems/runfleet.ts';
import type { Servers } from '../systems/servers.ts';
import type { BrokerPlan } from './broker-plan.ts';
import type { BrokerStatistics } from './broker-statistics.ts';

const PARAMETERS = { prompt: 'say these six words back please' };
const WAIT_MS_MAX = 60_000;
const POLL_MS = 50;

/** Kills a worker with all its slots in use; another worker takes over. */
export async function measureKill(
  servers: Servers,
  setup: RunfleetSetup,
  plan: BrokerPlan,
): Promise<BrokerStatistics> {
  const system = runfleet(servers, setup, { engine: { ENGINE: 'echo' }, profileFolder: undefined });
  await using running = await system.start();
  await running.startRole('broker');
  const slots = { WORKER_SLOTS: String(plan.killed) };
  const victim = await running.startRole('worker', {
    name: 'victim',
    environment: { ...slots, ECHO_TOKEN_DELAY_MS: '60000' },
  });
  await using client = new RunClient(running.target, {
    connections: plan.killed,
    parameters: PARAMETERS,
  });
  await Promise.all(Array.from({ length: plan.killed }, () => client.run()));
  const count = async (condition: string) => {
    const [row] = await running.sql.unsafe<{ count: number }[]>(
      `select count(*)::int as count from tasks where ${condition}`,
    );
    return row?.count ?? 0;
  };
  const untilAll = async (what: string, condition: string) => {
    const deadline = performance.now() + WAIT_MS_MAX;
    while ((await count(condition)) < plan.killed) {
      if (performance.now() > deadline) throw new Error(`Not all tasks ${what} in time.`);
      await delay(POLL_MS);
    }
  };
  await untilAll('run', `status = 'task_start'`);
  await running.startRole('worker', { name: 'successor', environment: slots });

  const killedAt = await running.tasks.now();
  await victim.kill();
  await untilAll('were assigned again', `assigned_at > '${killedAt}'`);
  const [last] = await running.sql<{ seconds: number }[]>`
    select extract(epoch from max(assigned_at) - ${killedAt}::text::timestamptz)::float8 as seconds
    from tasks`;
  await untilAll('ended', `outcome = 'succeeded'`);
  const [wrong] = await running.sql<{ count: number }[]>`
    select count(*)::int as count from tasks t
    where (select count(*) from transfers where task_id = t.id and credit = 'revenue') <> 1
      or t.outcome is distinct from 'succeeded'`;
  return {
    killed: plan.killed,
    killedReassigned: last?.seconds ?? NaN,
    killedTwice: wrong?.count ?? NaN,
  };
}
