import { setTimeout as delay } from 'node:timers/promises';

import { closedLoop, startUsers } from '../load/closed-loop.ts';
import { RunClient } from '../load/run-client.ts';
import { openSockets } from '../load/task-socket.ts';
import { countLost } from '../measures/count-lost.ts';
import { runfleet, type RunfleetSetup } from '../systems/runfleet.ts';
import type { Servers } from '../systems/servers.ts';
import type { BrokerPlan } from './broker-plan.ts';
import type { BrokerStatistics } from './broker-statistics.ts';

const CLIENTS = 96;
const PARAMETERS = { prompt: 'say these six words back please' };

/** All Runs belong to one tenant, whose account every accept and every end must lock. */
export async function measureHotTenant(
  servers: Servers,
  setup: RunfleetSetup,
  plan: BrokerPlan,
): Promise<BrokerStatistics> {
  const system = runfleet(servers, setup, { engine: { ENGINE: 'echo' }, profileFolder: undefined });
  await using running = await system.start();
  await running.startFleet();
  const target = { ...running.target, projects: running.target.projects.slice(0, 1) };
  await using client = new RunClient(target, { connections: CLIENTS, parameters: PARAMETERS });
  using sockets = await openSockets(target.socketUrl, CLIENTS);
  const runToEnd = async (user: number) => sockets.of(user).follow(await client.run());

  await closedLoop({ users: CLIENTS, seconds: plan.fleet.warmUp }, runToEnd);
  const users = startUsers(CLIENTS, runToEnd);
  const from = await running.tasks.now();
  await delay(plan.fleet.sustained * 1_000);
  const to = await running.tasks.now();
  await users.stop();
  const finished = await running.tasks.finishedBetween(from, to);
  return {
    hotTenant: (finished * 1_000) / (Date.parse(to) - Date.parse(from)),
    lost: await countLost(running, client),
  };
}
