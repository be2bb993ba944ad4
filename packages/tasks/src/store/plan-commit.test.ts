import { type Account, compatibleAdmission, LimitBook, pricePerSecond } from '@runfleet/billing';
import { parseUsd, RunfleetError } from '@runfleet/protocol';
import { laneOf } from '@runfleet/scheduler';
import { describe, expect, test } from 'vitest';

import { decideRegister, type WorkerState } from '../fleet/decide-worker.ts';
import { decideAssign, decideBegin, decideFinish, decideRequeue, failure } from '../life/decide.ts';
import { PLAIN_RUN, type NewTask } from '../life/new-task.ts';
import { LANES_PER_TENANT_MAX, type LanesSnapshot } from '../life/parking.ts';
import type { TaskState } from '../life/task-state.ts';
import { aState, NOW } from '../life/testing-state.ts';
import { NO_CONVERSATIONS } from '../life/turns.ts';
import {
  IDEMPOTENCY_HOURS,
  idempotencyName,
  type KnownRun,
  planCommands,
  planCreations,
  type ProjectPolicy,
  type TaskCommand,
} from './plan-commit.ts';

const requeue = (taskId: string): TaskCommand => ({
  taskId,
  readsWorkers: true,
  decide: (state, snapshot) =>
    decideRequeue(state, { epoch: state.epoch, failure: 'worker_stopping' }, snapshot),
});

const assign = (taskId: string, worker: WorkerState): TaskCommand => ({
  taskId,
  readsWorkers: true,
  workerId: worker.id,
  decide: (state, snapshot) => decideAssign(state, { generation: worker.generation }, snapshot),
});

const snapshot = { pulse: 0, bound: 0 };
const first = decideRegister(null, { id: 'w', host: 'h', slots: 1 }, snapshot);

function plan(worker: WorkerState, boundTo: number, commands: TaskCommand[]) {
  const bound = {
    status: 'task_assign',
    workerId: 'w',
    workerGeneration: boundTo,
    assignedPulse: 0,
  };
  const states = [aState({ id: '1', ...bound } as TaskState), aState({ id: '2' })];
  const tasks = new Map(states.map((state) => [state.id, { ...state, times: { ...state.times } }]));
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
  const worker = { ...decideRegister(first, first, snapshot), used: 1 };
  const results = plan(worker, 1, [requeue('1'), assign('2', worker)]);
  expect(results.map((result) => ('refused' in result ? result.refused : 'done'))).toEqual([
    'done',
    'no_slot',
  ]);
});

describe('commands of one commit', () => {
  const tell = (taskId: string, decide: TaskCommand['decide']): TaskCommand => ({
    taskId,
    readsWorkers: false,
    decide,
  });
  const commit = (commands: TaskCommand[], used = 0) => {
    const task = aState({ id: '1' });
    const worker: WorkerState = { ...first, used };
    const tasks = new Map([['1', task]]);
    const workers = new Map([['w', worker]]);
    return { ...planCommands(commands, { tasks, workers, now: NOW + 9n, pulse: 0 }), task, worker };
  };
  const begin = tell('1', (state) => decideBegin(state, { epoch: 1, workerId: 'w' }));
  const finish = tell('1', (state) =>
    decideFinish(state, { epoch: 1, result: failure('failed', 'No.') }),
  );

  test('are decided in order, each on what the former left, and told together', () => {
    const { results, changes, effects, events, moves, task, worker } = commit([
      assign('1', first),
      begin,
      finish,
    ]);
    expect(results.map((result) => result.task?.status)).toEqual([
      'task_assign',
      'task_start',
      'task_postprocess_end',
    ]);
    expect(changes).toEqual([{ state: task, patch: effects[2]?.patch }]);
    expect(changes[0]?.patch?.debugError).toBe('No.');
    expect(effects).toHaveLength(3);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 3));
    expect(events.every(({ at }) => at === NOW + 9n)).toBe(true);
    expect(moves.map((move) => move.do)).toEqual(['release']);
    expect(worker.used).toBe(0);
  });

  test('answer with the task as each left it, whatever follows', () => {
    const { results, changes } = commit([assign('1', first), begin]);
    expect(changes[0]?.patch).toBeNull();
    expect(results[0]).toEqual({ task: expect.objectContaining({ status: 'task_assign' }) });
  });

  test('that come after the end keep what it left', () => {
    const { changes, task } = commit([
      assign('1', first),
      begin,
      finish,
      tell('1', () => [{ do: 'raise-epoch' }]),
    ]);
    expect(changes[0]?.patch?.debugError).toBe('No.');
    expect(task.epoch).toBe(2);
  });

  test('that change nothing write nothing, and say of refusals why', () => {
    const { results, changes, effects } = commit([
      tell('1', () => []),
      tell('1', () => ({ refused: 'not_due' })),
      tell('2', () => []),
    ]);
    expect([changes, effects]).toEqual([[], []]);
    expect(results).toEqual([
      { task: aState({ id: '1' }) },
      { refused: 'not_due', task: aState({ id: '1' }) },
      { refused: 'fenced', task: null },
    ]);
  });

  test('see the moment, the worker that is wanted, and the one that holds the task', () => {
    const looked: unknown[] = [];
    const look = (state: TaskState, known: unknown) => {
      looked.push(known);
      return state.status === 'task_cancel' ? [] : [];
    };
    commit([
      assign('1', first),
      { ...tell('1', look), workerId: 'v' },
      { ...tell('1', look), workerId: 'w' },
    ]);
    const holder = { ...first, used: 1 };
    const moment = { now: NOW + 9n, pulse: 0 };
    expect(looked).toEqual([
      { ...moment, worker: undefined, holder },
      { ...moment, worker: holder, holder },
    ]);
    looked.length = 0;
    commit([tell('1', look)]);
    expect(looked).toEqual([{ ...moment, worker: undefined, holder: undefined }]);
  });
});

describe('Runs of one commit', () => {
  const POLICY: ProjectPolicy = { overflow: 'reject', weight: 3, runningLimit: 4 };
  const HOUR = 3_600_000_000n;
  const price = pricePerSecond('v', '0.01');
  const model = { id: 'm', pool: 'a-pool', price } as NewTask['model'];
  const aRun = (changes: Partial<NewTask> = {}): NewTask => ({
    ...PLAIN_RUN,
    organisationId: '3',
    projectId: '5',
    ownerId: 'o',
    model,
    parameters: {},
    seed: 7n,
    timeoutSeconds: 100,
    admission: compatibleAdmission,
    fairnessKey: 'ann',
    priority: 6,
    requires: ['zone=a'],
    ...changes,
  });
  const key = (name: string, hash = 'h') => ({ key: name, requestHash: Buffer.from(hash) });
  const LANE = laneOf('a-pool', ['zone=a']);
  const LANES: LanesSnapshot = {
    waiting: new Map(),
    served: new Set([LANE]),
    unknown: new Map(),
  };
  const create = (
    runs: NewTask[],
    options: {
      lanes?: Partial<LanesSnapshot>;
      usd?: string;
      known?: [string, KnownRun][];
      policies?: [string, ProjectPolicy][];
    } = {},
  ) => {
    const { usd = '20', known = [], policies = [['5', POLICY]] } = options;
    const account: Account = { balance: parseUsd(usd), held: 0n, activeTasks: 0 };
    const plan = planCreations(runs, {
      accounts: new Map([['3', account]]),
      policies: new Map(policies),
      usualSeconds: new Map([['m', 2.5]]),
      known: new Map(known),
      conversations: NO_CONVERSATIONS,
      lanes: { ...LANES, ...options.lanes },
      limits: new LimitBook(new Map(), new Map()),
      ids: ['11', '12', '13'],
      now: NOW,
    });
    return { ...plan, account };
  };
  const kinds = (results: unknown[]) =>
    results.map((result) => (result instanceof RunfleetError ? result.kind : 'created'));

  test('are held for, written and offered, each under its own id', () => {
    const { results, created, movements, events, moves, account } = create([aRun()]);
    expect(results).toEqual([{ id: '11', token: created[0]?.token, isRepeat: false }]);
    expect(movements).toHaveLength(1);
    expect(movements[0]?.transfers[0]).toMatchObject({ businessKey: 'task:11:hold' });
    expect(account).toEqual({ balance: parseUsd('20'), held: parseUsd('1'), activeTasks: 1 });
    expect(events.map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'task_queue'],
      [2, 'task_cost'],
    ]);
    expect(moves).toEqual([
      {
        do: 'offer',
        task: {
          lane: expect.stringContaining('zone=a') as string,
          organisationId: '3',
          taskId: '11',
          fairnessKey: 'ann',
          priority: 6,
          cost: 2_500,
          queuedAt: Number(NOW / 1_000n),
          weight: 3,
          runningLimit: 4,
        },
      },
    ]);
  });

  test('are admitted one after the other, on what the former ones left', () => {
    const { results, created } = create([aRun(), aRun(), aRun()]);
    expect(kinds(results)).toEqual(['created', 'created', 'concurrency_limit']);
    expect(created.map(({ id }) => id)).toEqual(['11', '12']);
    expect(kinds(create([aRun()], { usd: '0.4' }).results)).toEqual(['insufficient_balance']);
  });

  test('queue past the limit where their project may, and are refused where nothing is known of it', () => {
    const queues: [string, ProjectPolicy][] = [['5', { ...POLICY, overflow: 'queue' }]];
    expect(kinds(create([aRun(), aRun(), aRun()], { policies: queues }).results)).toEqual(
      Array.from({ length: 3 }, () => 'created'),
    );
    const unknown = create([aRun(), aRun(), aRun()], { policies: [] });
    expect(kinds(unknown.results)).toEqual(['created', 'created', 'concurrency_limit']);
    expect(unknown.moves[0]?.task).toMatchObject({ weight: 1, runningLimit: null });
  });

  test('of a tenant that never had money are refused', () => {
    const { results } = create([aRun({ organisationId: '4' })]);
    expect(kinds(results)).toEqual(['insufficient_balance']);
  });

  test('that cost nothing are admitted without any money where the policy asks for none', () => {
    const admission = { minimumBalance: 0n, concurrencyOf: () => 1 };
    const free = aRun({ organisationId: '4', timeoutSeconds: 0, admission });
    expect(kinds(create([free]).results)).toEqual(['created']);
  });

  test('of one key are one task, also within one commit, and cost one hold', () => {
    const run = aRun({ idempotency: key('k') });
    const { results, created, account } = create([run, run]);
    const { id, token } = created[0] ?? {};
    expect(results).toEqual([
      { id, token, isRepeat: false },
      { id, token, isRepeat: true },
    ]);
    expect([created.length, account.activeTasks]).toEqual([1, 1]);
  });

  const repeat = (age: bigint, hash: string) => {
    const earlier = { requestHash: Buffer.from('h'), createdAt: NOW - age, id: '9', token: 't' };
    const known: [string, KnownRun][] = [[idempotencyName('5', 'k'), earlier]];
    return create([aRun({ idempotency: key('k', hash) })], { known }).results[0];
  };
  const DAY = BigInt(IDEMPOTENCY_HOURS) * HOUR;

  test('of a known key are its task until the key runs out', () => {
    for (const age of [0n, DAY - 1n]) {
      expect(repeat(age, 'h')).toEqual({ id: '9', token: 't', isRepeat: true });
    }
    expect(repeat(DAY, 'h')).toMatchObject({ id: '11', isRepeat: false });
    expect(repeat(DAY, 'x')).toMatchObject({ id: '11', isRepeat: false });
  });

  test('of a known key for something else are refused, and told of which key', () => {
    const refusal = repeat(0n, 'x');
    expect(kinds([refusal])).toEqual(['idempotency_mismatch']);
    expect((refusal as RunfleetError).message).toContain('k');
  });

  test('whose labels no worker carries wait out of line, and those without labels never do', () => {
    const lanes = { served: new Set<string>() };
    const parked = create([aRun()], { lanes });
    expect(parked.created[0]?.state.isParked).toBe(true);
    expect(parked.moves).toEqual([]);
    const plain = create([aRun({ requires: [] })], { lanes });
    expect(plain.created[0]?.state.isParked).toBe(false);
    expect(plain.moves).toHaveLength(1);
  });

  test('whose labels no worker ever carried are refused where their project asks for it', () => {
    const lanes = { unknown: new Map([[LANE, ['zone=a', 'zone=b']]]) };
    expect(kinds(create([aRun({ unknownLabels: 'park' })], { lanes }).results)).toEqual([
      'created',
    ]);
    const [refusal] = create([aRun({ unknownLabels: 'refuse' })], { lanes }).results;
    expect(kinds([refusal])).toEqual(['invalid_request']);
    expect((refusal as RunfleetError).message).toBe(
      'No worker of this model ever carried zone=a, zone=b. Require labels that a worker has.',
    );
    expect(kinds(create([aRun({ unknownLabels: 'refuse' })]).results)).toEqual(['created']);
  });

  test('wait under so many sets of labels of one tenant at most, and more under those are no more', () => {
    const own = (count: number, first = 'x') =>
      new Set([first, ...Array.from({ length: count - 1 }, (_, index) => `lane-${index}`)]);
    const waiting = (names: Set<string>) => ({ lanes: { waiting: new Map([['3', names]]) } });
    const full = own(LANES_PER_TENANT_MAX);
    expect(kinds(create([aRun()], waiting(full)).results)).toEqual(['concurrency_limit']);
    expect(kinds(create([aRun()], waiting(own(LANES_PER_TENANT_MAX, LANE))).results)).toEqual([
      'created',
    ]);
    expect(kinds(create([aRun({ requires: [] })], waiting(full)).results)).toEqual(['created']);
    const other = aRun({ requires: ['zone=b'] });
    const last = waiting(own(LANES_PER_TENANT_MAX - 1));
    expect(kinds(create([aRun(), other], last).results)).toEqual(['created', 'concurrency_limit']);
    expect(full.size).toBe(LANES_PER_TENANT_MAX);
    const [refusal] = create([aRun()], waiting(full)).results;
    expect((refusal as RunfleetError).message).toContain('Label limit reached: tasks with 32');
  });

  test('a key is one project’s, and kept for a day', () => {
    expect(idempotencyName('5', 'k')).toBe('5:k');
    expect(IDEMPOTENCY_HOURS).toBe(24);
  });

  test('an error that is no refusal is not answered as one', () => {
    const admission = {
      ...compatibleAdmission,
      concurrencyOf: () => {
        throw new TypeError('a mistake');
      },
    };
    expect(() => create([aRun({ admission })])).toThrow('a mistake');
  });
});
