/** The verbs that simulated processes call: the real ones, except for a planted bug. */
import type { Ticket } from '@runfleet/queue';
import {
  acceptTask,
  appendOutput,
  beginTask,
  type Carried,
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
  accept(ticket: Ticket & { workerId: string }): Promise<Carried>;
  begin(ticket: Ticket & { workerId: string }): Promise<Carried>;
  start(ticket: Ticket): Promise<Carried>;
  append(ticket: Ticket, output: Output): Promise<Carried>;
  finish(ticket: Ticket, end: End): Promise<Carried>;
  handBack(ticket: Ticket): Promise<boolean>;
  requeue(ticket: Ticket): Promise<boolean>;
  renew(worker: Renewal): ReturnType<typeof renewWorker>;
  expireUnstarted(taskId: string): Promise<boolean>;
};

export function verbsOf(world: World, process: SimProcess, clients: Clients): Verbs {
  const watched = (ticket: Ticket & { workerId?: string }) => watchEpoch(world, clients, ticket);
  const verbs: Verbs = {
    accept: (ticket) => acceptTask(watched(ticket), ticket),
    begin: (ticket) => beginTask(watched(ticket), ticket),
    start: (ticket) => startTask(watched(ticket), ticket),
    append: (ticket, output) => appendOutput(watched(ticket), ticket, output),
    finish: (ticket, end) => finishTask(watched(ticket), ticket, end),
    handBack: (ticket) => requeueTask(watched(ticket), ticket, 'worker_stopping'),
    requeue: (ticket) => requeueTask(watched(ticket), ticket, 'run_broke_off'),
    renew: (worker) => renewWorker(clients, worker),
    expireUnstarted: (taskId) => repairOne(clients, 'start-deadlines', taskId),
  };
  const wrong: Partial<Record<PlantedBug, Partial<Verbs>>> = {
    'epoch check skipped': { finish: finishWithoutEpoch(clients) },
    'accept of an old epoch not fenced': {
      accept: (ticket) => inAnyEpoch(watched(ticket), ticket, decideAccept),
    },
    'begin of an old epoch not fenced': {
      begin: (ticket) => inAnyEpoch(watched(ticket), ticket, decideBegin),
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
  ticket: Ticket & { workerId?: string },
): { store: TaskStore } {
  const commit: TaskStore['commit'] = (command) =>
    store.commit({
      ...command,
      decide: (state, snapshot) => {
        const isOwn =
          state.epoch === ticket.epoch && !(ticket.workerId && state.workerId !== ticket.workerId);
        const actual = state.epoch;
        const decision = command.decide(state, snapshot);
        if (!isOwn && !isRefusal(decision)) history.notFenced(ticket, actual);
        return decision;
      },
    });
  return { store: { ...store, commit } };
}

async function inAnyEpoch<I extends Ticket>(
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
      decide: (known, snapshot) =>
        decideRenew(known, { generation, seenPulse }, { ...snapshot, pulse }),
    });
    if (!renewed) return null;
    return { pulse, tasks: await store.listWorkerTasks({ id, generation }) };
  };

const expireAssigned =
  ({ store }: Clients): Verbs['expireUnstarted'] =>
  async (taskId) => {
    const committed = await store.commit({
      taskId,
      readsWorkers: true,
      decide: (state, snapshot) =>
        state.outcome === null
          ? decideExpireUnstarted({ ...state, status: 'task_queue' }, snapshot)
          : { refused: 'already_done' },
    });
    return !('refused' in committed);
  };
