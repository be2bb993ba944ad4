/** Random commands to a store, in any order and with valid and invalid arguments. */
import { compatibleAdmission } from '@runfleet/billing';
import {
  acceptTask,
  appendOutput,
  assignTasks,
  beginTask,
  createTask,
  drainWorker,
  FAILURES,
  failure,
  finishTask,
  leadPool,
  type NewTask,
  PLAIN_RUN,
  registerWorker,
  renewWorker,
  REPAIRS,
  requeueTask,
  retireWorker,
  type RetriedFailure,
  startTask,
  type TaskStore,
  writeIndexMark,
  yieldPool,
} from '@runfleet/tasks';
import { decideCancel, decideKill, repairOne } from '@runfleet/tasks/memory';

import type { Random } from '../kernel/random.ts';
import { MODEL, POOL } from '../pool.ts';

/** What commands may refer to. */
export type Names = {
  tenants: readonly { organisationId: string; projectId: string; ownerId: string }[];
  workerIds: readonly string[];
  /** How many tasks there are; their ids count from 1. */
  tasks: number;
  /** The current epoch of a task, so that not every command is fenced. */
  epochOf(taskId: string): number;
  generationOf(workerId: string): number;
  workerOf(taskId: string): string | null;
};

/** One call of a store, which both stores must answer alike. `name` is for messages. */
export type Command = { name: string; run(store: TaskStore): Promise<unknown> };

const RETRIED = Object.entries(FAILURES).flatMap(([name, { next }]) =>
  next === 'retry' || next === 'return' ? [name as RetriedFailure] : [],
);

export function drawCommand(random: Random, names: Names): Command {
  const taskId = String(random.whole(Math.max(1, names.tasks - 12), Math.max(1, names.tasks)));
  const epoch = names.epochOf(taskId) - (random.chance(0.1) ? 1 : 0);
  const ticket = { taskId, epoch };
  const workerId = random.pick(names.workerIds);
  const generation = names.generationOf(workerId) - (random.chance(0.05) ? 1 : 0);
  const tokens = random.whole(1, 5);
  const command = (name: string, run: Command['run']): Command => ({ name, run });

  const runs = () => {
    const task = drawRun(random, names);
    return command(`Run of ${task.organisationId}`, (store) => createTask({ store }, task));
  };
  const draw: (() => Command)[] = [
    runs,
    runs,
    () =>
      command(`assign ${taskId} to ${workerId}/${generation}`, (store) =>
        assignTasks({ store }, [{ taskId, workerId, generation }]),
      ),
    () => {
      const holder = { ...ticket, workerId: names.workerOf(taskId) ?? workerId };
      return random.chance(0.5)
        ? command(`accept ${taskId}/${epoch}`, (store) => acceptTask({ store }, holder))
        : command(`begin ${taskId}/${epoch}`, (store) => beginTask({ store }, holder));
    },
    () => command(`start ${taskId}/${epoch}`, (store) => startTask({ store }, ticket)),
    () =>
      command(`output ${tokens} of ${taskId}/${epoch}`, (store) =>
        appendOutput({ store }, ticket, { raw: `${tokens} `, tokens, elapsedMs: tokens }),
      ),
    () => {
      const outcome = random.pick([
        'succeeded',
        'succeeded',
        'failed',
        'rejected',
        'expired',
      ] as const);
      const result = {
        ...failure(outcome, outcome === 'succeeded' ? '' : 'an error'),
        output: outcome === 'succeeded' ? 'an answer' : '',
        completionTokens: tokens,
      };
      return command(`finish ${taskId}/${epoch}: ${outcome}`, (store) =>
        finishTask({ store }, ticket, { result }),
      );
    },
    () => {
      const why = random.pick(RETRIED);
      return command(`requeue ${taskId}/${epoch}: ${why}`, (store) =>
        requeueTask({ store }, ticket, why),
      );
    },
    () => {
      const isCancel = random.chance(0.5);
      return command(`${isCancel ? 'cancel' : 'kill'} ${taskId}`, (store) =>
        store.commit({
          taskId,
          readsWorkers: false,
          decide: isCancel ? decideCancel : decideKill,
        }),
      );
    },
    () => {
      const name = random.pick(REPAIRS);
      const id = name in WORKER_REPAIRS ? workerId : taskId;
      return command(`suspect ${id} of ${name}`, (store) => repairOne({ store }, name, id));
    },
    () => drawWorkerCommand(random, { id: workerId, generation }),
    () => drawLeaseCommand(random),
  ];
  return random.pick(draw)();
}

const WORKER_REPAIRS = { 'silent-workers': 1, quarantines: 1, paroles: 1, 'slot-counts': 1 };

function drawWorkerCommand(random: Random, worker: { id: string; generation: number }): Command {
  const { id } = worker;
  const drawn = random.next();
  if (drawn < 0.35 || worker.generation < 1) {
    const slots = random.whole(1, 3);
    const description = {
      pools: [POOL],
      labels: ['zone=a'],
      loaded: {},
      memoryBytes: null,
      sizes: {},
      device: {},
    };
    return {
      name: `register ${id} with ${slots} slots`,
      run: (store) => registerWorker({ store }, { id, host: 'a-host', slots, description }),
    };
  }
  if (drawn < 0.9) {
    const seenPulse = random.whole(0, 60);
    return {
      name: `renew ${id}`,
      run: (store) => renewWorker({ store }, { ...worker, seenPulse }),
    };
  }
  return drawn < 0.96
    ? { name: `drain ${id}`, run: (store) => drainWorker({ store }, { id }) }
    : { name: `retire ${id}`, run: (store) => retireWorker({ store }, { id }) };
}

function drawLeaseCommand(random: Random): Command {
  const input = { pool: POOL, holder: random.pick(['one', 'other']) };
  const mark = random.chance(0.3) ? null : 'a mark';
  return random.pick<Command>([
    { name: `${input.holder} leads`, run: (store) => leadPool({ store }, input) },
    { name: `${input.holder} yields`, run: (store) => yieldPool({ store }, input) },
    {
      name: `${input.holder} marks`,
      run: (store) => writeIndexMark({ store }, { ...input, mark }),
    },
  ]);
}

function drawRun(random: Random, { tenants }: Names): NewTask {
  const key = `key-${random.whole(1, 8)}`;
  return {
    ...PLAIN_RUN,
    ...random.pick(tenants),
    model: MODEL,
    parameters: { prompt: 'Hello' },
    seed: 7n,
    timeoutSeconds: random.whole(1, 20),
    admission: compatibleAdmission,
    keyId: random.chance(0.7) ? random.pick(tenants).projectId : null,
    fairnessKey: random.chance(0.3) ? 'ann' : '',
    priority: random.chance(0.3) ? 60 : 0,
    requires: random.chance(0.2) ? ['zone=a'] : [],
    startTimeoutSeconds: random.chance(0.3) ? random.whole(1, 20) : null,
    expectedSeconds: random.whole(1, 9),
    idempotency: random.chance(0.4)
      ? { key, requestHash: Buffer.from(random.chance(0.8) ? key : 'other') }
      : null,
  };
}
