import { expect, test } from 'vitest';

import { decideRegister, type WorkerState } from '../fleet/decide-worker.ts';
import { decideAssign, decideRequeue } from '../life/decide.ts';
import type { TaskState } from '../life/task-state.ts';
import { planCommands, type TaskCommand } from './plan-commit.ts';

const TIMES = {
  queuedAt: 1n,
  assignedAt: null,
  acceptedAt: null,
  preprocessStartedAt: null,
  preprocessEndedAt: null,
  startedAt: null,
  endedAt: null,
  postprocessStartedAt: null,
  postprocessEndedAt: null,
  cancelledAt: null,
};

const aState = (changes: Partial<TaskState> & { id: string }): TaskState => ({
  organisationId: '1',
  pool: 'p',
  timeoutSeconds: 60,
  priceVersion: 'v',
  cps: 0n,
  held: 0n,
  requires: [],
  fairnessKey: '',
  priority: 0,
  expectedSeconds: 1,
  weight: 1,
  runningLimit: null,
  startBy: null,
  status: 'task_queue',
  epoch: 0,
  seq: 2,
  changedAt: 1n,
  workerId: null,
  workerGeneration: null,
  assignedPulse: null,
  outputTokens: 0,
  infraAttempts: 0,
  notBefore: null,
  isParked: false,
  avoids: [],
  times: TIMES,
  totalCost: 0n,
  outcome: null,
  pexit: '',
  ...changes,
});

const requeue = (taskId: string): TaskCommand => ({
  taskId,
  readsWorkers: true,
  decide: (state, seen) =>
    decideRequeue(state, { epoch: state.epoch, failure: 'worker_stopping' }, seen),
});

const assign = (taskId: string, worker: WorkerState): TaskCommand => ({
  taskId,
  readsWorkers: true,
  workerId: worker.id,
  decide: (state, seen) => decideAssign(state, { generation: worker.generation }, seen),
});

const seen = { pulse: 0, bound: 0 };
const first = decideRegister(null, { id: 'w', host: 'h', slots: 1 }, seen);

function plan(worker: WorkerState, boundTo: number, commands: TaskCommand[]) {
  const bound = {
    status: 'task_assign',
    workerId: 'w',
    workerGeneration: boundTo,
    assignedPulse: 0,
  };
  const states = [aState({ id: '1', ...bound } as TaskState), aState({ id: '2' })];
  const tasks = new Map(states.map((state) => [state.id, { ...state, times: { ...TIMES } }]));
  const workers = new Map([['w', { ...worker }]]);
  return planCommands(commands, { tasks, workers, now: 2n, pulse: 0 }).results;
}

test('a slot that one command frees is the next one’s, in the same commit', () => {
  const worker = { ...first, used: 1 };
  const results = plan(worker, 1, [assign('2', worker), requeue('1'), assign('2', worker)]);
  expect(results.map((result) => ('refused' in result ? result.refused : 'done'))).toEqual([
    'no_slot',
    'done',
    'done',
  ]);
});

test('a slot of a former connection is not one of the new: freeing it makes no room', () => {
  const worker = { ...decideRegister(first, first, seen), used: 1 };
  const results = plan(worker, 1, [requeue('1'), assign('2', worker)]);
  expect(results.map((result) => ('refused' in result ? result.refused : 'done'))).toEqual([
    'done',
    'no_slot',
  ]);
});
