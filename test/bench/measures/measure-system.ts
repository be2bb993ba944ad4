/** One round of one system: the api alone, then all roles. */
import { setTimeout as delay } from 'node:timers/promises';

import type { Statistics, Round } from '../bench-statistics.ts';
import { closedLoop, startUsers } from '../load/closed-loop.ts';
import { openLoop } from '../load/open-loop.ts';
import { RunClient } from '../load/run-client.ts';
import { latencyOf } from '../load/statistics.ts';
import { openSockets } from '../load/task-socket.ts';
import type { Plan } from '../plan.ts';
import { startCpuMeter, startForeignMeter } from '../systems/cpu-meter.ts';
import type { Servers } from '../systems/servers.ts';
import type { RunningSystem, System } from '../systems/system.ts';
import { countLost } from './count-lost.ts';
import { measureIdle } from './measure-idle.ts';

const CLIENTS = 96;
const FEW_CLIENTS = 32;
/** Ramp-up before the sustained part, in ms per second of that part. */
const RAMP_MS_PER_SECOND = 200;
const PARAMETERS = {
  prompt: 'say these sixteen words back to me one after the other as quickly as you can',
};

export async function measureSystem(servers: Servers, system: System, plan: Plan): Promise<Round> {
  const meterForeign = startForeignMeter(servers);
  await using running = await system.start();
  const accepting = await measureAccepting(servers, running, plan);
  await running.startFleet();
  const fleet = await measureFleet(servers, running, plan);
  return {
    statistics: {
      ...accepting.statistics,
      ...fleet.statistics,
      foreign: meterForeign(running.processes),
      lost: accepting.lost + fleet.lost,
    },
    cpuPerAccept: accepting.cpuPerAccept,
    cpuPerTask: fleet.cpuPerTask,
  };
}

async function measureAccepting(servers: Servers, running: RunningSystem, plan: Plan) {
  await using client = new RunClient(running.target, {
    connections: CLIENTS,
    parameters: PARAMETERS,
  });
  const accept = () => client.run();
  await closedLoop({ users: FEW_CLIENTS, seconds: plan.warmUp }, accept);
  const few = await closedLoop({ users: FEW_CLIENTS, seconds: plan.closedLoop }, accept);
  const meterCpu = startCpuMeter(servers, running.processes);
  const many = await closedLoop({ users: CLIENTS, seconds: plan.closedLoop }, accept);
  const cpuPerAccept = meterCpu(many.latenciesMs.length);
  const open = await openLoop(
    { perSecond: plan.openRunsPerSecond, seconds: plan.openLoop },
    accept,
  );
  const latency = latencyOf(open.latenciesMs);
  const { accepted } = await running.tasks.count();
  return {
    statistics: {
      acceptC32: few.perSecond,
      acceptC96: many.perSecond,
      acceptOpenP50: latency.p50,
      acceptOpenP99: latency.p99,
    },
    lost: client.accepted - accepted,
    cpuPerAccept,
  };
}

export async function measureFleet(servers: Servers, running: RunningSystem, plan: Plan) {
  await using client = new RunClient(running.target, {
    connections: CLIENTS,
    parameters: PARAMETERS,
  });
  using sockets = await openSockets(running.target.socketUrl, CLIENTS);
  const runToEnd = async (user: number) => sockets.of(user).follow(await client.run());

  await closedLoop({ users: FEW_CLIENTS, seconds: plan.warmUp }, runToEnd);
  const idle = await measureIdle(running, client, sockets.of(0), plan.idleTasks);

  const users = startUsers(CLIENTS, runToEnd);
  await delay(plan.sustained * RAMP_MS_PER_SECOND);
  const from = await running.tasks.now();
  const meterCpu = startCpuMeter(servers, running.processes);
  const transactionsBefore = await running.tasks.transactions();
  const warmUpTasks = users.latenciesMs.length;
  await delay(plan.sustained * 1_000);
  const to = await running.tasks.now();
  const finished = await running.tasks.finishedBetween(from, to);
  const cpuPerTask = meterCpu(finished);
  const transactions = (await running.tasks.transactions()) - transactionsBefore;
  const seconds = (Date.parse(to) - Date.parse(from)) / 1_000;
  await users.stop();
  const finish = latencyOf(users.latenciesMs.slice(warmUpTasks));

  const open = await openLoop({ perSecond: plan.openRunsPerSecond, seconds: plan.openLoop }, () =>
    client.run(),
  );
  const accept = latencyOf(open.latenciesMs);
  return {
    statistics: {
      ...idle,
      finished: finished / seconds,
      finishP50: finish.p50,
      finishP99: finish.p99,
      transactions: transactions / finished,
      fleetOpenP50: accept.p50,
      fleetOpenP99: accept.p99,
    } satisfies Partial<Statistics>,
    lost: await countLost(running, client),
    cpuPerTask,
  };
}
