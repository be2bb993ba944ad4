import { setTimeout as delay } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { closedLoop, startUsers } from '../load/closed-loop.ts';
import { RunClient } from '../load/run-client.ts';
import { openSockets } from '../load/task-socket.ts';
import { startCpuMeter } from '../systems/cpu-meter.ts';
import { runfleet, type RunfleetSetup, type RunningRunfleet } from '../systems/runfleet.ts';
import type { Servers } from '../systems/servers.ts';
import type { BrokerPlan } from './broker-plan.ts';
import type { BrokerStatistics } from './broker-statistics.ts';

const SLOTS_PER_WORKER = 1_000;
const CLIENTS = 48;
const PARAMETERS = { prompt: 'say these six words back please' };
/** Longer than the measurement, so that the tasks of these workers run throughout. */
const ENDLESS = { ECHO_TOKEN_DELAY_MS: '600000', WORKER_DRAIN_SECONDS: '0' };
const FILL_MS_MAX = 90_000;
const POLL_MS = 100;

/**
 * Measures the cost of finishing a task while thousands of others run and while none do, and the number of
 * active BullMQ jobs when tickets travel through BullMQ.
 */
export async function measureCrowd(
  servers: Servers,
  setup: RunfleetSetup,
  plan: BrokerPlan,
): Promise<BrokerStatistics> {
  const system = runfleet(servers, setup, { engine: { ENGINE: 'echo' }, profileFolder: undefined });
  await using running = await system.start();
  await running.startRole('gateway');
  const environment = { TICKET_TRANSPORT: 'bullmq' };
  await running.startRole('broker', { environment });

  // Warm-up.
  await measureFinishing(servers, running, plan);
  const finishFew = await measureFinishing(servers, running, plan);
  let activeJobs = 0;
  const watch = watchActiveJobs(running.redisUrl, (count) => {
    activeJobs = Math.max(activeJobs, count);
  });
  const workers = Math.ceil(plan.crowd / SLOTS_PER_WORKER);
  const slots = Math.ceil(plan.crowd / workers);
  for (let number = 1; number <= workers; number += 1) {
    await running.startRole('worker', {
      name: `crowd-${number}`,
      environment: { ...environment, ...ENDLESS, WORKER_SLOTS: String(slots) },
    });
  }
  await using client = new RunClient(running.target, {
    connections: CLIENTS,
    parameters: PARAMETERS,
  });
  let left = slots * workers;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (left-- > 0) await client.run();
    }),
  );
  await untilRunning(running, slots * workers);
  const finishCrowd = await measureFinishing(servers, running, plan);
  await watch[Symbol.asyncDispose]();
  // Killed, so that they do not hand their tasks back for others to run.
  for (const worker of running.processes.filter(({ name }) => name.startsWith('crowd'))) {
    await worker.kill();
  }
  return {
    crowd: slots * workers,
    activeJobs,
    finishFew,
    finishCrowd,
    finishCrowdToFew: finishCrowd / finishFew,
  };
}

/** CPU microseconds of all roles and servers per task, with a separate worker for these tasks. */
async function measureFinishing(
  servers: Servers,
  running: RunningRunfleet,
  plan: BrokerPlan,
): Promise<number> {
  const worker = await running.startRole('worker', {
    environment: { TICKET_TRANSPORT: 'bullmq' },
  });
  await using client = new RunClient(running.target, {
    connections: CLIENTS,
    parameters: PARAMETERS,
  });
  using sockets = await openSockets(running.target.socketUrl, CLIENTS);
  const runToEnd = async (user: number) => sockets.of(user).follow(await client.run());

  await closedLoop({ users: CLIENTS, seconds: plan.crowdSeconds / 2 }, runToEnd);
  const users = startUsers(CLIENTS, runToEnd);
  const from = await running.tasks.now();
  const meterCpu = startCpuMeter(
    servers,
    running.processes.filter(({ hasEnded }) => !hasEnded),
  );
  await delay(plan.crowdSeconds * 1_000);
  const finished = await running.tasks.finishedBetween(from, await running.tasks.now());
  const shares = meterCpu(finished);
  await users.stop();
  await worker[Symbol.asyncDispose]();
  const names = ['api', 'broker', 'gateway', 'worker', 'redis', 'postgres'];
  return names.reduce((sum, name) => sum + (shares[name] ?? 0), 0);
}

async function untilRunning(running: RunningRunfleet, count: number): Promise<void> {
  const deadline = performance.now() + FILL_MS_MAX;
  for (;;) {
    const [row] = await running.sql<{ count: number }[]>`
      select count(*)::int as count from tasks where status = 'task_start'`;
    if (row?.count === count) return;
    if (performance.now() > deadline) {
      throw new Error(`${row?.count} of ${count} tasks run after ${FILL_MS_MAX} ms.`);
    }
    await delay(POLL_MS);
  }
}

/** Reports the number of active BullMQ jobs until disposed. */
function watchActiveJobs(url: string, report: (count: number) => void): AsyncDisposable {
  const redis = new Redis(url);
  let isStopped = false;
  const watching = (async () => {
    while (!isStopped) {
      const lists = await redis.keys('bull:*:active');
      const lengths = await Promise.all(lists.map((list) => redis.llen(list)));
      report(lengths.reduce((sum, length) => sum + length, 0));
      await delay(POLL_MS / 5);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      isStopped = true;
      await watching;
      redis.disconnect();
    },
  };
}
