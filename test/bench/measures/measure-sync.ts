import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Pool } from 'undici';

import type { OwnStatistics } from '../bench-statistics.ts';
import { RUN_PATH, signedHeaders } from '../load/run-client.ts';
import { latencyOf } from '../load/statistics.ts';
import { TaskSocket } from '../load/task-socket.ts';
import type { Plan } from '../plan.ts';
import type { RunfleetSetup, RunningRunfleet } from '../systems/runfleet.ts';
import { newName, type Servers } from '../systems/servers.ts';

const HOLD_WAITS = fileURLToPath(new URL('hold-waits.ts', import.meta.url));
const HOLD_MS_MAX = 120_000;
/** Both followers have subscribed within this time. */
const SUBSCRIBED_MS = 30;
const WARM_UP_TASKS = 5;
const BODY = JSON.stringify({ prompt: 'say these sixteen words back to me' });

/**
 * How long after the socket's last frame a client of `Run/.../sync` has its answer. The worker is stopped
 * until both clients follow the task. Task/Detail of the same task is the control: both read one row.
 */
export async function measureSyncAnswer(
  running: RunningRunfleet,
  plan: Plan,
): Promise<OwnStatistics> {
  await running.startFleet();
  const worker = running.processes.find(({ name }) => name === 'worker');
  const [project] = running.target.projects;
  if (!worker || !project) throw new Error('There is no worker or no project.');
  const pool = new Pool(running.target.apiUrl, { connections: 2 });
  const post = async (path: string, body: string) => {
    const headers = signedHeaders(project);
    const answer = await pool.request({ method: 'POST', path, headers, body });
    const text = await answer.body.text();
    return { text, at: performance.now() };
  };
  using socket = await TaskSocket.open(running.target.socketUrl);
  const afterFrameMs: number[] = [];
  const detailMs: number[] = [];
  try {
    for (let task = 0; task < WARM_UP_TASKS + plan.syncTasks; task += 1) {
      const known = await newestTask(running, 0);
      process.kill(worker.pid, 'SIGSTOP');
      const answering = post(`${RUN_PATH}/sync`, BODY);
      const { token } = await newestTask(running, known.id + 1);
      const following = socket.follow(token);
      await delay(SUBSCRIBED_MS);
      process.kill(worker.pid, 'SIGCONT');
      const [answer, { finishedAt }] = await Promise.all([answering, following]);
      const beganAt = performance.now();
      const detail = await post('/v1/Task/Detail', JSON.stringify({ tasktoken: token }));
      if (answer.text !== detail.text) throw new Error('The answer is not that of Task/Detail.');
      if (task < WARM_UP_TASKS) continue;
      afterFrameMs.push(answer.at - finishedAt);
      detailMs.push(detail.at - beganAt);
    }
  } finally {
    process.kill(worker.pid, 'SIGCONT');
    await pool.destroy();
  }
  const after = latencyOf(afterFrameMs);
  return {
    syncAfterFrameP50: after.p50,
    syncAfterFrameP99: after.p99,
    detailP50: latencyOf(detailMs).p50,
  };
}

/** The newest task whose id is at least `id`; waits for it. */
async function newestTask(
  { sql }: RunningRunfleet,
  id: number,
): Promise<{ id: number; token: string }> {
  for (;;) {
    const [task] = await sql<{ id: number; token: string }[]>`
      select id::float8 as id, token from tasks order by tasks.id desc limit 1`;
    if ((task?.id ?? 0) >= id) return task ?? { id: 0, token: '' };
    await delay(1);
  }
}

/** The memory of open waits in one api, and of the same requests on a bare server in the same process. */
export async function measureOpenWaits(
  servers: Servers,
  setup: RunfleetSetup,
  plan: Plan,
): Promise<OwnStatistics> {
  const database = newName('waits');
  await servers.createDatabase(database, setup.template);
  const [project] = setup.projects;
  if (!project) throw new Error('There is no project.');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--expose-gc', HOLD_WAITS, String(plan.openWaits)],
    {
      timeout: HOLD_MS_MAX,
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'production',
        DATABASE_URL: servers.databaseUrl(database),
        REDIS_URL: servers.redisUrl(1),
        MASTER_KEY_FILE: setup.masterKeyFile,
        STORAGE_DIR: servers.folder,
        AUTHORIZATION: `Bearer ${project.apiKey}:${project.apiSecret}`,
      },
    },
  );
  return JSON.parse(stdout) as OwnStatistics;
}
