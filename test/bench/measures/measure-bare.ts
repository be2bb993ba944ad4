/** The floors: the accept transaction without HTTP, and an HTTP server without a database. */
import { compatibleAdmission } from '@runfleet/billing';
import { findModel } from '@runfleet/catalog';
import { connectDb } from '@runfleet/db';
import { freePort } from '@runfleet/local-servers';
import { type NewTask, openTaskStore, PLAIN_RUN, type TaskStore } from '@runfleet/tasks';
import { Pool } from 'undici';

import type { OwnStatistics } from '../bench-statistics.ts';
import { closedLoop } from '../load/closed-loop.ts';
import { openLoop } from '../load/open-loop.ts';
import { latencyOf } from '../load/statistics.ts';
import type { Plan } from '../plan.ts';
import type { RunfleetSetup, Tenant } from '../systems/runfleet.ts';
import { newName, type Servers } from '../systems/servers.ts';
import { SystemProcess } from '../systems/system-process.ts';

const CLIENTS = 32;

/** The commit of an accept, called directly: one task per commit, and several per commit. */
export async function measureBareAccept(
  servers: Servers,
  setup: RunfleetSetup,
  plan: Plan,
): Promise<OwnStatistics> {
  const database = newName('bare');
  await servers.createDatabase(database, setup.template);
  await servers.settle(0);
  await using db = connectDb(servers.databaseUrl(database), { connections: setup.tenants.length });
  const tasks = setup.tenants.map(taskOf);
  const create = (store: TaskStore, number: number) => {
    const task = tasks[number % tasks.length];
    if (!task) throw new Error('There are no tenants.');
    return store.create(task);
  };

  // A store has one commit in flight, so one store per user makes commits of one task each.
  const stores = tasks.map(() => openTaskStore({ db, queue: null, announce: () => {} }));
  const alone = async (seconds: number) =>
    closedLoop({ users: stores.length, seconds }, async (user) => {
      const store = stores[user];
      if (store) await create(store, user);
    });
  await alone(plan.warmUp / 2);
  const bareAlone = (await alone(plan.closedLoop)).perSecond;

  const store = openTaskStore({ db, queue: null, announce: () => {} });
  const shared = async (seconds: number) =>
    closedLoop({ users: CLIENTS, seconds }, (user) => create(store, user));
  await shared(plan.warmUp / 2);
  const bareShared = (await shared(plan.closedLoop)).perSecond;
  return { bareAlone, bareShared };
}

function taskOf(tenant: Tenant): NewTask {
  const model = findModel('microsoft', 'Phi-3.5-mini-instruct');
  if (!model) throw new Error('The catalogue has no Phi-3.5-mini-instruct.');
  return {
    ...tenant,
    model,
    parameters: { prompt: 'say these sixteen words back to me' },
    seed: 7n,
    timeoutSeconds: 300,
    admission: compatibleAdmission,
    ...PLAIN_RUN,
  };
}

/** A Hono server that reads a JSON body and answers with one. */
export async function measureBareHttp(servers: Servers, plan: Plan): Promise<OwnStatistics> {
  const port = String(await freePort(0));
  const server = await SystemProcess.start({
    name: 'hello',
    script: 'test/bench/measures/hello-server.ts',
    environment: { API_PORT: port },
    logFolder: servers.folder,
    profileFolder: undefined,
  });
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CLIENTS });
  try {
    const greet = () => postHello(pool);
    await closedLoop({ users: CLIENTS, seconds: plan.warmUp / 2 }, greet);
    const closed = await closedLoop({ users: CLIENTS, seconds: plan.closedLoop / 2 }, greet);
    const open = await openLoop(
      { perSecond: plan.openRunsPerSecond, seconds: plan.openLoop / 2 },
      greet,
    );
    const latency = latencyOf(open.latenciesMs);
    return { helloC32: closed.perSecond, helloOpenP50: latency.p50, helloOpenP99: latency.p99 };
  } finally {
    await pool.destroy();
    await server[Symbol.asyncDispose]();
  }
}

async function postHello(pool: Pool): Promise<void> {
  const { body } = await pool.request({
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'say these sixteen words back to me' }),
  });
  await body.json();
}
