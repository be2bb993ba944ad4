/** The scheduler's cost per task by number of tenants, without Redis. */
import { FairQueue } from '@runfleet/scheduler';

import { aFairTask } from './a-fair-task.ts';

const TASKS = 20_000;

/** Process time in µs of an insert, a pick and a release, with two queued tasks per tenant. */
export function schedulerMicros(tenants: number): number {
  const queue = new FairQueue();
  let lastId = 0;
  const insert = () => queue.insert(aFairTask(lastId++, tenants));
  while (lastId < 2 * tenants) insert();
  const run = () => {
    const task = queue.pick();
    if (task) queue.release(task.taskId, task.cost * 1.3);
    insert();
  };
  for (let i = 0; i < TASKS / 4; i++) run();
  const before = process.cpuUsage();
  for (let i = 0; i < TASKS; i++) run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / TASKS;
}
