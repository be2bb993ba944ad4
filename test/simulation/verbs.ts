/** The verbs that simulated processes call: the real ones, except for a planted bug. */
import {
  acceptTask,
  appendOutput,
  beginTask,
  type Carried,
  type Claim,
  finishTask,
  type Output,
  renewWorker,
  requeueTask,
  startTask,
  type TaskResult,
  type TaskStore,
} from '@runfleet/tasks';
import {
  decideAccept,
  decideBegin,
  decideExpireUnstarted,
  decideFinish,
  decideRenew,
  type Decision,
  isRefusal,
  repairOne,
  type TaskState,
} from '@runfleet/tasks/memory';

import type { SimProcess } from './kernel/sim-process.ts';
import type { PlantedBug } from './planted-bugs.ts';
import type { Clients } from './servers/sim-clients.ts';
import type { World } from './world.ts';

/** How an attempt ends, with output that is not in the log yet. */
export type End = { result: TaskResult; lastOutput?: Output };

type Renewal = { id: string; generation: number; seenPulse: number };

export type Verbs = {
  accept(claim: Claim & { workerId: string }): Promise<Carried>;
  begin(claim: Claim & { workerId: string }): Promise<Carried>;
  start(claim: Claim): Promise<Carried>;
  append(claim: Claim, output: Output): Promise<Carried>;
  finish(claim: Claim, end: End): Promise<Carried>;
  handBack(claim: Claim): Promise<boolean>;
  requeue(claim: Claim): Promise<boolean>;
  renew(worker: Renewal): ReturnType<typeof renewWorker>;
  expireUnstarted(taskId: string): Promise<boolean>;
};

export function verbsOf(world: World, process: SimProcess, clients: Clients): Verbs {
  const watched = (claim: Claim & { workerId?: string }) => watchEpoch(world, clients, claim);
  const verbs: Verbs = {
    accept: (claim) => acceptTask(watched(claim), claim),
    begin: (claim) => beginTask(watched(claim), claim),
    start: (claim) => startTask(watched(claim), claim),
    append: (claim, output) => appendOutput(watched(claim), claim, output),
    finish: (claim, end) => finishTask(watched(claim), claim, end),
    handBack: (claim) => requeueTask(watched(claim), claim, 'worker_stopping'),
    requeue: (claim) => requeueTask(watched(claim), claim, 'run_broke_off'),
    renew: (worker) => renewWorker(clients, worker),
    expireUnstarted: (taskId) => repairOne(clients, 'start-deadlines', taskId),
  };
  const wrong: Partial<Record<PlantedBug, Partial<Verbs>>> = {
    'epoch check skipped': { finish: finishWithoutEpoch(clients) },
    'accept of an old epoch not fenced': {
      accept: (claim) => inAnyEpoch(watched(claim), claim, decideAccept),
    },
    'begin of an old epoch not fenced': {
      begin: (claim) => inAnyEpoch(watched(claim), claim, decideBegin),
    },
    'settled twice': { finish: finishTwice(clients) },
    "worker's clock used for leases": { renew: renewByOwnClock(clients, process) },
    'assigned task expired': { expireUnstarted: expireAssigned(clients) },
  };
  return { ...verbs, ...(world.bug && wrong[world.bug]) };
}

/** A store that reports a write of an old epoch, or for another worker, that was not fenced. */
function watchEpoch(
  { history }: World,
  { store }: Clients,
  claim: Claim & { workerId?: string },
): { store: TaskStore } {
  const commit: TaskStore['commit'] = (command) =>
    store.commit({
      ...command,
      decide: (state, seen) => {
        const isOwn =
          state.epoch === claim.epoch && !(claim.workerId && state.workerId !== claim.workerId);
        const actual = state.epoch;
        const decision = command.decide(state, seen);
        if (!isOwn && !isRefusal(decision)) history.notFenced(claim, actual);
        return decision;
      },
    });
  return { store: { ...store, commit } };
}

async function inAnyEpoch<I extends Claim>(
  { store }: { store: TaskStore },
  input: I,
  decide: (state: TaskState, input: I) => Decision,
): Promise<Carried> {
  const committed = await store.commit({
    taskId: input.taskId,
    readsWorkers: false,
    decide: (state) => decide(state, { ...input, epoch: state.epoch }),
  });
  return 'refused' in committed ? 'fenced' : 'done';
}

const finishWithoutEpoch =
  ({ store }: Clients): Verbs['finish'] =>
  async ({ taskId }, end) => {
    const committed = await store.commit({
      taskId,
      readsWorkers: true,
      decide: (state) => decideFinish(state, { epoch: state.epoch, ...end }),
    });
    return 'refused' in committed ? 'fenced' : 'done';
  };

const finishTwice =
  ({ store }: Clients): Verbs['finish'] =>
  async ({ taskId, epoch }, end) => {
    const committed = await store.commit({
      taskId,
      readsWorkers: true,
      decide: (state) => {
        const decision = decideFinish(state, { epoch, ...end });
        const isRepeat = 'length' in decision && decision.length === 0;
        return isRepeat ? [{ do: 'settle', result: end.result }] : decision;
      },
    });
    return 'refused' in committed ? 'fenced' : 'done';
  };

const renewByOwnClock =
  ({ store }: Clients, process: SimProcess): Verbs['renew'] =>
  async ({ id, generation, seenPulse }) => {
    const pulse = Math.floor(process.wallClock() / 1_000);
    const renewed = await store.changeWorker({
      workerId: id,
      decide: (known, seen) => decideRenew(known, { generation, seenPulse }, { ...seen, pulse }),
    });
    if (!renewed) return null;
    return { pulse, tasks: await store.listBoundTasks({ id, generation }) };
  };

const expireAssigned =
  ({ store }: Clients): Verbs['expireUnstarted'] =>
  async (taskId) => {
    const committed = await store.commit({
      taskId,
      readsWorkers: true,
      decide: (state, seen) =>
        state.outcome === null
          ? decideExpireUnstarted({ ...state, status: 'task_queue' }, seen)
          : { refused: 'already_done' },
    });
    return !('refused' in committed);
  };
