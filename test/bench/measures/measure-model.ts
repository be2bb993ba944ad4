import { setTimeout as delay } from 'node:timers/promises';

import type { OwnStatistics } from '../bench-statistics.ts';
import { closedLoop, startUsers } from '../load/closed-loop.ts';
import { RunClient } from '../load/run-client.ts';
import { openSockets } from '../load/task-socket.ts';
import type { Plan } from '../plan.ts';
import type { System } from '../systems/system.ts';
import { countLost } from './count-lost.ts';
import { measureIdle } from './measure-idle.ts';

const CLIENTS = 8;
const TOKENS = 32;
/** Always the same number of tokens, so that runs are comparable. */
const PARAMETERS = {
  prompt: 'why is the sky blue',
  temperature: '0',
  max_tokens: String(TOKENS),
  min_tokens: String(TOKENS),
};

/** The complete system with the test model instead of the echo engine. */
export async function measureModel(system: System, plan: Plan): Promise<OwnStatistics> {
  await using running = await system.start();
  await running.startFleet();
  await using client = new RunClient(running.target, {
    connections: CLIENTS,
    parameters: PARAMETERS,
  });
  using sockets = await openSockets(running.target.socketUrl, CLIENTS);
  const runToEnd = async (user: number) => sockets.of(user).follow(await client.run());

  await closedLoop({ users: CLIENTS, seconds: plan.warmUp }, runToEnd);
  const idle = await measureIdle(running, client, sockets.of(0), plan.modelTasks);
  const users = startUsers(CLIENTS, runToEnd);
  await delay(500);
  const from = await running.tasks.now();
  await delay(plan.modelSustained * 1_000);
  const to = await running.tasks.now();
  await users.stop();
  const finished = await running.tasks.finishedBetween(from, to);
  const perSecond = (finished * 1_000) / (Date.parse(to) - Date.parse(from));
  return {
    modelOutputP50: idle.idleOutputP50,
    modelFinishP50: idle.idleFinishP50,
    modelFinished: perSecond,
    modelTokens: perSecond * TOKENS,
    modelLost: await countLost(running, client),
  };
}
