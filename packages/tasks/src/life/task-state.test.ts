import { formatUsd, parseUsd } from '@runfleet/protocol';
import { laneOf } from '@runfleet/scheduler';
import { describe, expect, test } from 'vitest';

import {
  decideAccept,
  decideAssign,
  decideBegin,
  decideFinish,
  decideCancel,
  decideKill,
  decideOutput,
  decideRequeue,
  decideResume,
  decideStart,
  failure,
} from './decide.ts';
import { SUSPECT_ATTEMPTS, tellQueue } from './queue-moves.ts';
import { applyPlan, type Plan, type TaskResult, type TaskState } from './task-state.ts';
import { aState, aWorkerState, commit, NOW, snapshot } from './testing-state.ts';

const SECOND = 1_000_000n;
const NAME = { lane: 'a-pool', organisationId: '3', taskId: '7', fairnessKey: 'ann' };
const OFFER = {
  priority: 5,
  cost: 1_500,
  queuedAt: Number(NOW / 1_000n),
  weight: 2,
  runningLimit: 9,
};
const HELD = parseUsd('0.1755');

const ANSWER: TaskResult = {
  outcome: 'succeeded',
  finishReason: 'stop',
  output: 'Hi',
  error: 'Cut.',
  outputs: [{ contenttype: 'raw', content: { prompt: '', raw: 'Hi', thinking: [], answer: [] } }],
  files: [{ name: 'a.txt', key: 'k', sizeBytes: 1, contentType: 'text/plain' } as never],
  weights: 'tiny',
  device: 'cpu',
  promptTokens: 3,
  history: null,
  completionTokens: 2,
};

const at = (seconds: number) => NOW + BigInt(Math.round(seconds * 1e6));

function assigned(state = aState(), now = at(1)): TaskState {
  commit(state, decideAssign(state, { generation: 1 }, snapshot({ worker: aWorkerState() })), now);
  return state;
}

function started(state = aState()): TaskState {
  assigned(state);
  const ticket = { epoch: state.epoch, workerId: 'w' };
  commit(state, decideAccept(state, ticket), at(2));
  commit(state, decideStart(state, ticket), at(3.5));
  return state;
}

describe('a task that is answered', () => {
  test('binds a slot at its assignment', () => {
    const state = aState();
    const plan = decideAssign(state, { generation: 1 }, snapshot({ worker: aWorkerState() }));
    const effects = commit(state, plan, at(1));
    expect(effects).toEqual({
      events: [{ type: 'task_assign', payload: null, taskId: '7', seq: 3, epoch: 1, at: at(1) }],
      slots: [{ workerId: 'w', generation: 1, delta: 1, verdict: null }],
      movements: [],
      callbacks: [],
      moves: [],
      patch: null,
    });
    expect(state).toEqual({
      ...aState(),
      status: 'task_assign',
      epoch: 1,
      seq: 3,
      changedAt: at(1),
      workerId: 'w',
      workerGeneration: 1,
      assignedPulse: 100,
      times: { ...aState().times, assignedAt: at(1) },
    });
  });

  test('has the time of each step in its row', () => {
    const state = started();
    expect(state).toMatchObject({ status: 'task_start', seq: 7 });
    expect(state.times).toEqual({
      ...aState().times,
      assignedAt: at(1),
      acceptedAt: at(2),
      preprocessStartedAt: at(2),
      preprocessEndedAt: at(3.5),
      startedAt: at(3.5),
    });
  });

  test('ends with its slot free, its worker praised, its hold settled and its receipt written', () => {
    const state = started();
    commit(state, decideOutput(state, { epoch: 1, tokens: 1, raw: 'Hi', elapsedMs: 1 }), at(4));
    expect(state.outputTokens).toBe(1);
    const effects = commit(state, decideFinish(state, { epoch: 1, result: ANSWER }), at(12.25));
    // 10.25 s at 0.000585 USD a second.
    const cost = parseUsd('0.00599625');
    const receipt = {
      priceVersion: 'a-version',
      cps: '0.000585000000',
      seconds: {
        queue: '2.0000',
        preprocess: '1.5000',
        run: '8.7500',
        postprocess: '0.0000',
        billed: '10.2500',
      },
      weights: 'tiny',
      device: 'cpu',
      promptTokens: 3,
      completionTokens: 2,
      finishReason: 'stop',
      cost: '0.005996250000',
      bill: [{ count: '10.2500', unit: 'second', rate: '0.000585000000' }],
      used: { seconds: '10.2500', tokens: 1 },
    };
    expect(effects.patch).toEqual({
      debugOutput: 'Hi',
      debugError: 'Cut.',
      outputs: ANSWER.outputs,
      files: ANSWER.files,
      receipt,
    });
    expect(effects.slots).toEqual([
      { workerId: 'w', generation: 1, delta: -1, verdict: 'success' },
    ]);
    expect(effects.moves).toEqual([{ do: 'release', task: { ...NAME, usedMs: 11_250 } }]);
    expect(effects.movements).toEqual([
      {
        transfers: [
          expect.objectContaining({ businessKey: 'task:7:settle', amount: cost }),
          expect.objectContaining({ businessKey: 'task:7:release', amount: HELD - cost }),
        ],
        change: { organisationId: '3', balance: -cost, held: -HELD, activeTasks: -1 },
        counts: [],
      },
    ]);
    expect(effects.events.map(({ seq, type }) => [seq, type])).toEqual([
      [9, 'task_output_full'],
      [10, 'task_error_full'],
      [11, 'task_end'],
      [12, 'task_postprocess_start'],
      [13, 'task_cost'],
      [14, 'task_postprocess_end'],
    ]);
    expect(effects.events[4]?.payload).toEqual({
      kind: 'settle',
      seconds: '10.2500',
      cost: '0.005996250000',
      held: formatUsd(0n),
      receipt,
    });
    expect(state).toMatchObject({
      status: 'task_postprocess_end',
      workerId: null,
      workerGeneration: null,
      assignedPulse: null,
      totalCost: cost,
      outcome: 'succeeded',
      pexit: '0',
      seq: 14,
      changedAt: at(12.25),
    });
    expect(state.times).toMatchObject({ endedAt: at(12.25), postprocessEndedAt: at(12.25) });
  });

  test('never pays for more than its timeout', () => {
    const state = started(aState({ timeoutSeconds: 5 }));
    commit(state, decideFinish(state, { epoch: 1, result: ANSWER }), at(60));
    expect(state.totalCost).toBe(5n * parseUsd('0.000585'));
  });
});

test('a task that fails pays nothing and keeps its times', () => {
  const state = started();
  const result = failure('failed', 'No.');
  const { patch } = commit(state, decideFinish(state, { epoch: 1, result }), at(4));
  expect(state).toMatchObject({ totalCost: 0n, outcome: 'failed', pexit: '1' });
  expect(patch?.receipt).toMatchObject({ cost: formatUsd(0n), seconds: { billed: '0.0000' } });
  expect(patch?.receipt.seconds.run).toBe('0.5000');
});

describe('back in the queue', () => {
  const failed = (state: TaskState, now = at(4), pausedFrom = NOW) =>
    commit(
      state,
      decideRequeue(
        state,
        { epoch: state.epoch, failure: 'run_broke_off' },
        snapshot({ now: pausedFrom }),
      ),
      now,
    );

  test('a task keeps nothing of its attempt but what it is to avoid', () => {
    const state = started(aState({ startBy: at(9) }));
    commit(state, decideOutput(state, { epoch: 1, tokens: 5, raw: 'Hi', elapsedMs: 1 }), at(4));
    const effects = failed(state);
    expect(state).toEqual({
      ...aState(),
      epoch: 2,
      seq: 9,
      changedAt: at(4),
      infraAttempts: 1,
      avoids: ['w'],
    });
    expect(effects.slots).toEqual([{ workerId: 'w', generation: 1, delta: -1, verdict: 'strike' }]);
    // The slot first, so that a worker that is full is seen to have one.
    expect(effects.moves).toEqual([
      { do: 'release', task: { ...NAME, usedMs: 3_000 } },
      { do: 'offer', task: { ...NAME, ...OFFER } },
    ]);
    expect(effects.patch).toBeNull();
    expect(effects.movements).toEqual([]);
  });

  test('a task that was not accepted is still held to its start deadline', () => {
    const state = assigned(aState({ startBy: at(9) }));
    failed(state);
    expect(state.startBy).toBe(at(9));
  });

  test('a task that pauses is offered when its pause is over, as a suspect: last in its line', () => {
    expect(SUSPECT_ATTEMPTS).toBe(2);
    const state = started(aState({ infraAttempts: 1 }));
    const effects = failed(state);
    expect(state.notBefore).not.toBeNull();
    expect(effects.moves.map((move) => move.do)).toEqual(['release']);
    const resumed = commit(state, decideResume(state, snapshot({ now: at(30) })), at(30));
    expect(resumed.moves).toEqual([
      {
        do: 'offer',
        task: { ...NAME, ...OFFER, priority: 0, queuedAt: Number(at(4) / 1_000n) },
      },
    ]);
    expect(resumed.events).toEqual([]);
    expect(state).toMatchObject({ notBefore: null, changedAt: at(4) });
  });
});

test('a suspect that its worker hands back is last in its line, too', () => {
  const state = started(aState({ infraAttempts: SUSPECT_ATTEMPTS, expectedSeconds: 0.0016 }));
  const handBack = { epoch: 1, failure: 'worker_stopping' } as const;
  const { moves } = commit(state, decideRequeue(state, handBack, snapshot()), at(4));
  expect(moves[1]?.task).toMatchObject({
    priority: 0,
    cost: 2,
    queuedAt: Number(at(4) / 1_000n),
  });
});

describe('a kill', () => {
  test('in the queue takes the task out of line, pause and all', () => {
    const state = aState({ notBefore: at(9) });
    const effects = commit(state, decideCancel(state), at(3));
    expect(effects.moves).toEqual([{ do: 'withdraw', task: NAME }]);
    expect(effects.slots).toEqual([]);
    expect(effects.patch?.receipt.seconds).toMatchObject({ queue: '3.0000', billed: '0.0000' });
    expect(state).toMatchObject({
      status: 'task_cancel',
      epoch: 1,
      notBefore: null,
      outcome: 'cancelled',
      pexit: '',
    });
    expect(state.times.cancelledAt).toBe(at(3));
    expect(effects.events.map(({ type, epoch }) => [type, epoch])).toEqual([
      ['task_cost', 1],
      ['task_cancel', 1],
    ]);
  });

  test('of a run frees its slot and says nothing of its worker', () => {
    const state = started();
    commit(state, decideOutput(state, { epoch: 1, tokens: 3, raw: 'Hi', elapsedMs: 1 }), at(4));
    const effects = commit(state, decideKill(state), at(6));
    expect(effects.patch?.receipt.used).toEqual({ seconds: '4.0000', tokens: 3 });
    expect(effects.slots).toEqual([{ workerId: 'w', generation: 1, delta: -1, verdict: null }]);
    expect(effects.moves).toEqual([{ do: 'release', task: { ...NAME, usedMs: 5_000 } }]);
  });
});

test('an assigned task that ends frees its slot and needs no place in line', () => {
  const state = assigned();
  const result = failure('rejected', '');
  const effects = commit(state, decideFinish(state, { epoch: 1, result }), at(2));
  expect(effects.moves.map((move) => move.do)).toEqual(['release']);
});

test('the times of a task never run backwards, though the clock does', () => {
  const state = assigned(aState(), at(5));
  const { events } = commit(state, decideBegin(state, { epoch: 1, workerId: 'w' }), at(2));
  expect(events.map((event) => event.at)).toEqual([at(5), at(5), at(5), at(5)]);
  expect(state.changedAt).toBe(at(5));
});

test('a task without a worker has no slot to free, and one whose assignment has no time used none', () => {
  const move: Plan = [
    { do: 'enter', status: 'task_cancel', event: { type: 'task_cancel', payload: null } },
  ];
  expect(applyPlan(aState({ status: 'task_start' }), move, NOW).slots).toEqual([]);
  const half = aState({ status: 'task_start', workerId: 'w' });
  expect(applyPlan(half, move, NOW).slots).toEqual([]);
  const other = aState({ status: 'task_start', workerGeneration: 1 });
  expect(applyPlan(other, move, NOW).slots).toEqual([]);
  const bound = aState({ status: 'task_start', workerId: 'w', workerGeneration: 1 });
  expect(applyPlan(bound, move, at(9)).moves).toEqual([
    { do: 'release', task: { ...NAME, usedMs: 0 } },
  ]);
});

test('a plan that leaves the road of a task’s life is refused', () => {
  const plan: Plan = [
    { do: 'enter', status: 'task_start', event: { type: 'task_start', payload: null } },
  ];
  expect(() => applyPlan(aState(), plan, NOW)).toThrow('task_queue does not lead to task_start');
});

test('a time that is unknown is 0 on the receipt, and a task of no known queue time is as new as can be', () => {
  const times = { ...aState().times, queuedAt: null };
  const state = aState({ status: 'task_start', times, infraAttempts: 0 });
  const offer = applyPlan(
    state,
    [{ do: 'enter', status: 'task_queue', event: { type: 'task_queue', payload: null } }],
    at(2),
  );
  expect(offer.moves).toEqual([
    { do: 'offer', task: { ...NAME, ...OFFER, queuedAt: Number(at(2) / 1_000n) } },
  ]);
  const settled = applyPlan(state, [{ do: 'settle', result: failure('failed', '') }], at(3));
  expect(settled.patch?.receipt.seconds.queue).toBe('0.0000');
});

test('a task that is settled after its run ended has used its worker until that end', () => {
  const times = { ...aState().times, acceptedAt: at(1), endedAt: at(4) };
  const state = aState({ status: 'task_end', times });
  const { patch } = applyPlan(state, [{ do: 'settle', result: failure('failed', '') }], at(9));
  expect(patch?.receipt.used?.seconds).toBe('3.0000');
});

test('each move is told to the verb of its name, and a task of labels under its lane', () => {
  const told: unknown[] = [];
  const tell = (verb: string) => (task: unknown) => void told.push([verb, task]);
  const state = assigned(aState({ requires: ['zone=a'] }));
  const { moves } = commit(state, decideKill(state), at(1) + SECOND);
  const queue = {
    offer: tell('offer'),
    withdraw: tell('withdraw'),
    release: tell('release'),
    callBack: tell('callBack'),
  };
  const withdrawn = commit(aState(), decideCancel(aState()));
  const offered = started();
  const again = commit(
    offered,
    decideRequeue(offered, { epoch: 1, failure: 'worker_stopping' }, snapshot()),
    at(4),
  );
  tellQueue(queue, [...moves, ...withdrawn.moves, ...again.moves]);
  expect(told).toEqual([
    ['release', { ...NAME, lane: laneOf('a-pool', ['zone=a']), usedMs: 1_000 }],
    ['withdraw', NAME],
    ['release', { ...NAME, usedMs: 3_000 }],
    ['offer', { ...NAME, ...OFFER }],
  ]);
});

test.for([
  ['task.completed', ANSWER],
  ['task.failed', failure('failed', 'No.')],
  ['task.failed', failure('rejected', 'No.')],
  ['task.failed', failure('expired', '')],
] as const)('a task with an address has one callback of %s when it ends', ([event, result]) => {
  const url = 'https://example.org/hook';
  const state = started(aState({ callbackUrl: url }));
  const { callbacks, moves } = commit(state, decideFinish(state, { epoch: 1, result }), at(4));
  expect(callbacks).toEqual([{ taskId: '7', organisationId: '3', url, event, at: at(4) }]);
  expect(moves).toContainEqual({ do: 'callBack', task: { taskId: '7', organisationId: '3' } });
});

test('a task without an address is reported to the endpoints of its tenant, if there are any', () => {
  const state = started(aState({ hasEndpoints: true }));
  expect(commit(state, decideKill(state), at(4)).callbacks).toMatchObject([
    { url: null, event: 'task.cancelled' },
  ]);
});

test('a killed task is called back; one that is requeued, or has no address, is not', () => {
  const url = 'https://example.org/hook';
  const killed = started(aState({ callbackUrl: url }));
  expect(commit(killed, decideKill(killed), at(4)).callbacks).toMatchObject([
    { event: 'task.cancelled' },
  ]);
  const requeued = started(aState({ callbackUrl: url }));
  const again = { epoch: 1, failure: 'worker_stopping' } as const;
  expect(commit(requeued, decideRequeue(requeued, again, snapshot()), at(4)).callbacks).toEqual([]);
  const plain = started();
  expect(commit(plain, decideKill(plain), at(4)).callbacks).toEqual([]);
});

describe('a task that no worker can take', () => {
  test('is offered once it is neither parked nor paused', () => {
    const moves = (changes: Partial<TaskState>, plan: Plan) => {
      const state = aState(changes);
      const told = applyPlan(state, plan, NOW).moves.map((move) => move.do);
      return { told, isParked: state.isParked };
    };
    const paused = { isParked: true, notBefore: NOW };
    expect(moves(paused, [{ do: 'resume' }])).toEqual({ told: [], isParked: true });
    expect(moves(paused, [{ do: 'unpark' }])).toEqual({ told: [], isParked: false });
    expect(moves({ isParked: true }, [{ do: 'unpark' }])).toEqual({
      told: ['offer'],
      isParked: false,
    });
  });

  test('leaves the queue untouched when it ends, and is not parked any more', () => {
    const state = aState({ isParked: true });
    const { moves } = commit(state, decideCancel(state));
    expect(moves).toEqual([]);
    expect(state.isParked).toBe(false);
  });
});
