import { setTimeout as delay } from 'node:timers/promises';

import type { RunClient } from '../load/run-client.ts';
import { latencyOf } from '../load/statistics.ts';
import type { TaskSocket } from '../load/task-socket.ts';
import type { RunningSystem } from '../systems/system.ts';

/** Work that follows a task ends within this time, before the next task. */
const BETWEEN_MS = 20;

/** One task at a time. Times are by the client's clock; accept to `task_start` is by the database's. */
export async function measureIdle(
  running: RunningSystem,
  client: RunClient,
  socket: TaskSocket,
  tasks: number,
) {
  await delay(300);
  const since = await running.tasks.now();
  const acceptMs: number[] = [];
  const outputMs: number[] = [];
  const finishMs: number[] = [];
  for (let count = 0; count < tasks; count += 1) {
    const beganAt = performance.now();
    const token = await client.run();
    acceptMs.push(performance.now() - beganAt);
    const { firstOutputAt, finishedAt } = await socket.follow(token);
    outputMs.push(firstOutputAt - beganAt);
    finishMs.push(finishedAt - beganAt);
    await delay(BETWEEN_MS);
  }
  const accept = latencyOf(acceptMs);
  const start = latencyOf(await running.tasks.startDelaysMs(since));
  const output = latencyOf(outputMs);
  const finish = latencyOf(finishMs);
  return {
    idleAcceptP50: accept.p50,
    idleAcceptP99: accept.p99,
    idleStartP50: start.p50,
    idleStartP99: start.p99,
    idleOutputP50: output.p50,
    idleOutputP99: output.p99,
    idleFinishP50: finish.p50,
    idleFinishP99: finish.p99,
  };
}
