import { answerEnd } from '@runfleet/protocol';
import { describe, expect, test } from 'vitest';

import {
  ACCEPT_PULSES,
  ASSIGNMENTS_MAX,
  BACKOFF_SECONDS,
  decideAccept,
  decideAssign,
  decideBegin,
  decideExpireOverdue,
  decideExpireUnstarted,
  decideFinish,
  decideCancel,
  decideKill,
  decideOutput,
  decideRequeue,
  decideRequeueOrphan,
  decideResume,
  decideReturnLate,
  decideStart,
  decideUnpark,
  failure,
  INFRA_ATTEMPTS_MAX,
  isRefusal,
  PAUSE_SECONDS_MAX,
  REPORT_GRACE_SECONDS,
} from './decide.ts';
import { FAILURES } from './failures.ts';
import type { TaskResult, TaskState } from './task-state.ts';
import { aState, aWorkerState, commit, NOW, snapshot } from './testing-state.ts';

const SECOND = 1_000_000n;
const WORKER = { workerId: 'w' };
const output = (epoch: number, tokens: number) => ({
  epoch,
  tokens,
  raw: `${tokens} `,
  elapsedMs: 1,
});
const FENCED = { refused: 'fenced' };
const NOT_DUE = { refused: 'not_due' };

const enter = (status: string) => ({ do: 'enter', status, event: { type: status, payload: null } });
const back = (reason: string) => ({
  do: 'enter',
  status: 'task_queue',
  event: { type: 'task_queue', payload: { reason } },
});
const record = (type: string, raw: string) => ({ do: 'record', event: { type, payload: { raw } } });
const ended = (pexit: string, outputs: readonly unknown[] = []) => ({
  do: 'enter',
  status: 'task_postprocess_end',
  event: { type: 'task_postprocess_end', payload: { outputs, pexit } },
});
const RAISE = { do: 'raise-epoch' };

/** A task of which `w` has a slot, in its first epoch. */
const bound = (status: TaskState['status'], changes: Partial<TaskState> = {}): TaskState =>
  aState({
    status,
    epoch: 1,
    workerId: 'w',
    workerGeneration: 1,
    assignedPulse: 100,
    ...changes,
    times: {
      ...aState().times,
      assignedAt: NOW,
      acceptedAt: status === 'task_assign' ? null : NOW,
      ...changes.times,
    },
  });

const ANSWER: TaskResult = {
  ...failure('succeeded', ''),
  finishReason: 'stop',
  output: 'Hi',
  outputs: [{ contenttype: 'raw', content: { prompt: '', raw: 'Hi', thinking: [], answer: [] } }],
};

function assign(state: TaskState): void {
  commit(state, decideAssign(state, { generation: 1 }, snapshot({ worker: aWorkerState() })));
}

function run(state: TaskState): void {
  assign(state);
  commit(state, decideBegin(state, { epoch: state.epoch, ...WORKER }));
}

describe('a second attempt', () => {
  test('has its first words written, however many the first one wrote', () => {
    const state = aState();
    run(state);
    commit(state, decideOutput(state, output(1, 5)));
    commit(state, decideRequeue(state, { epoch: 1, failure: 'worker_lost' }, snapshot()));
    run(state);
    const { events } = commit(state, decideOutput(state, output(state.epoch, 1)));
    expect(events).toMatchObject([{ type: 'task_output', payload: { raw: '1 ', tokens: 1 } }]);
  });

  test.for(['accept', 'begin', 'start'] as const)(
    'on the same worker is not moved by an %s of the first one',
    (verb) => {
      const state = aState();
      assign(state);
      commit(state, decideRequeue(state, { epoch: 1, failure: 'worker_stopping' }, snapshot()));
      assign(state);
      const ticket = { epoch: 1, ...WORKER };
      const verbs = { accept: decideAccept, begin: decideBegin, start: decideStart };
      expect(verbs[verb](state, ticket)).toEqual(FENCED);
    },
  );
});

describe('an assignment', () => {
  const decide = (state: TaskState, known = snapshot({ worker: aWorkerState() })) =>
    decideAssign(state, { generation: 1 }, known);

  test('binds a queued task to a slot in a new epoch, from this pulse on', () => {
    expect(decide(aState())).toEqual([
      RAISE,
      { do: 'bind', workerId: 'w', generation: 1, pulse: 100 },
      enter('task_assign'),
    ]);
  });

  test.for(['task_assign', 'task_start', 'task_postprocess_end', 'task_cancel'] as const)(
    'of a task that is in %s is refused',
    (status) => expect(decide(bound(status))).toEqual({ refused: 'not_queued' }),
  );

  test('waits for the end of a pause, to the microsecond', () => {
    expect(decide(aState({ notBefore: NOW + 1n }))).toEqual(NOT_DUE);
    expect(isRefusal(decide(aState({ notBefore: NOW })))).toBe(false);
  });

  test('is refused from the start deadline on, to the microsecond', () => {
    expect(decide(aState({ startBy: NOW }))).toEqual({ refused: 'overdue' });
    expect(isRefusal(decide(aState({ startBy: NOW + 1n })))).toBe(false);
  });

  test('needs a worker that takes tasks', () => {
    expect(decide(aState(), snapshot())).toEqual({ refused: 'no_slot' });
    const full = aWorkerState({ used: 4 });
    expect(decide(aState(), snapshot({ worker: full }))).toEqual({ refused: 'no_slot' });
  });
});

describe('a ticket', () => {
  const own = { epoch: 1, ...WORKER };

  test.for([
    ['accept', decideAccept, ['task_accept', 'task_preprocess_start'], 'task_preprocess_start'],
    [
      'begin',
      decideBegin,
      ['task_accept', 'task_preprocess_start', 'task_preprocess_end', 'task_start'],
      'task_start',
    ],
  ] as const)('is confirmed by %s once, and a repeat changes nothing', ([, decide, road, end]) => {
    expect(decide(bound('task_assign'), own)).toEqual(road.map(enter));
    expect(decide(bound(end), own)).toEqual([]);
  });

  test.for([
    ['accept', decideAccept, ['task_queue', 'task_start', 'task_postprocess_end', 'task_cancel']],
    ['begin', decideBegin, ['task_queue', 'task_postprocess_end', 'task_cancel']],
  ] as const)('is not confirmed by %s in any other state', ([, decide, statuses]) => {
    for (const status of statuses) expect(decide(bound(status), own)).toEqual(FENCED);
  });

  test.for([
    ['accept', decideAccept, 'task_preprocess_start'],
    ['begin', decideBegin, 'task_start'],
  ] as const)('%s is of its own epoch and its own worker, also as a repeat', ([, decide, end]) => {
    for (const status of ['task_assign', end] as const) {
      expect(decide(bound(status), { ...own, epoch: 2 })).toEqual(FENCED);
      expect(decide(bound(status), { ...own, workerId: 'v' })).toEqual(FENCED);
    }
  });

  test('starts the run once, from its preparation alone, in its own epoch', () => {
    const start = (status: TaskState['status'], epoch = 1) => decideStart(bound(status), { epoch });
    expect(start('task_preprocess_start')).toEqual([
      enter('task_preprocess_end'),
      enter('task_start'),
    ]);
    expect(start('task_start')).toEqual([]);
    expect(start('task_assign')).toEqual(FENCED);
    expect(start('task_postprocess_end')).toEqual(FENCED);
    expect(start('task_preprocess_start', 2)).toEqual(FENCED);
    expect(start('task_start', 2)).toEqual(FENCED);
  });
});

describe('output', () => {
  test('is counted and recorded, and what the log has already is not', () => {
    const state = bound('task_start', { outputTokens: 3 });
    expect(decideOutput(state, output(1, 4))).toEqual([
      { do: 'count-output', tokens: 4 },
      {
        do: 'record',
        event: { type: 'task_output', payload: { raw: '4 ', tokens: 4, elapsedMs: 1 } },
      },
    ]);
    expect(decideOutput(state, output(1, 3))).toEqual([]);
    expect(decideOutput(state, output(1, 2))).toEqual([]);
  });

  test('is of a run, in its own epoch', () => {
    expect(decideOutput(bound('task_start'), output(2, 1))).toEqual(FENCED);
    expect(decideOutput(bound('task_preprocess_start'), output(1, 1))).toEqual(FENCED);
    expect(decideOutput(bound('task_postprocess_end'), output(1, 1))).toEqual(FENCED);
  });
});

describe('a finish', () => {
  const textOf = ({ raw, tokens, elapsedMs }: ReturnType<typeof output>) => ({
    raw,
    tokens,
    elapsedMs,
  });
  const finish = (state: TaskState, result: TaskResult, lastOutput?: ReturnType<typeof output>) =>
    decideFinish(state, {
      epoch: 1,
      result,
      ...(lastOutput && { lastOutput: textOf(lastOutput) }),
    });

  test('writes the last words, praises the worker, walks the rest of the road and settles', () => {
    expect(finish(bound('task_start'), ANSWER, output(1, 2))).toEqual([
      { do: 'count-output', tokens: 2 },
      {
        do: 'record',
        event: { type: 'task_output', payload: { raw: '2 ', tokens: 2, elapsedMs: 1 } },
      },
      { do: 'judge-worker', verdict: 'success' },
      record('task_output_full', 'Hi'),
      enter('task_end'),
      enter('task_postprocess_start'),
      { do: 'settle', result: ANSWER },
      ended('0', ANSWER.outputs),
    ]);
  });

  test('tells the end of the answer with its last output and its whole text', () => {
    const end = answerEnd({
      finishReason: 'length',
      promptTokens: 3,
      cachedTokens: 2,
      completionTokens: 2,
      thinkingTokens: 0,
    });
    const content = { prompt: '', raw: 'Hi', thinking: [], answer: ['Hi'], ...end };
    const result: TaskResult = { ...ANSWER, outputs: [{ contenttype: 'raw', content }] };
    // The text of its last token was written in part: what is left is written, or the empty text.
    for (const raw of ['i', '']) {
      const lastOutput = { raw, tokens: 2, elapsedMs: 9 };
      const steps = decideFinish(bound('task_start', { outputTokens: 2 }), {
        epoch: 1,
        result,
        lastOutput,
      });
      expect(steps).toContainEqual({
        do: 'record',
        event: { type: 'task_output', payload: { ...lastOutput, end } },
      });
      expect(steps).toContainEqual({
        do: 'record',
        event: { type: 'task_output_full', payload: { raw: 'Hi', end } },
      });
    }
  });

  test('tells how an answer writes calls with each of its texts', () => {
    const content = { prompt: '', raw: 'Hi', thinking: [], answer: ['Hi'] };
    const calls = 'phi4';
    const outputs: TaskResult['outputs'] = [{ contenttype: 'raw', content: { ...content, calls } }];
    const result = { ...ANSWER, outputs };
    const lastOutput = { raw: 'i', tokens: 2, elapsedMs: 9, calls: 'phi4' } as const;
    const steps = decideFinish(bound('task_start', { outputTokens: 1 }), {
      epoch: 1,
      result,
      lastOutput,
    });
    const events = [
      { type: 'task_output', payload: lastOutput },
      { type: 'task_output_full', payload: { raw: 'Hi', calls: 'phi4' } },
    ];
    for (const event of events) expect(steps).toContainEqual({ do: 'record', event });
  });

  test('of a run that failed has its error twice, in part and in full, and no success for a worker', () => {
    const result = failure('failed', 'No.');
    expect(finish(bound('task_start'), result)).toEqual([
      record('task_error', 'No.'),
      record('task_error_full', 'No.'),
      enter('task_end'),
      enter('task_postprocess_start'),
      { do: 'settle', result },
      ended('1'),
    ]);
  });

  test('of an answer with a warning keeps both', () => {
    const result = { ...ANSWER, error: 'Cut.' };
    const steps = finish(bound('task_start'), result);
    expect(steps).toContainEqual(record('task_output_full', 'Hi'));
    expect(steps).toContainEqual(record('task_error_full', 'Cut.'));
    expect(steps).not.toContainEqual(record('task_error', 'Cut.'));
  });

  test('without a word says none', () => {
    const result = failure('failed', '');
    const steps = finish(bound('task_start'), result);
    expect(JSON.stringify(steps)).not.toContain('task_error');
  });

  test('a repeat changes nothing, and an old epoch is refused, also after the end', () => {
    const over = bound('task_postprocess_end');
    expect(finish(over, ANSWER)).toEqual([]);
    expect(decideFinish(over, { epoch: 2, result: ANSWER })).toEqual(FENCED);
    expect(decideFinish(bound('task_start'), { epoch: 2, result: ANSWER })).toEqual(FENCED);
  });

  test('a success is of a run that was started, a failure of any', () => {
    expect(finish(bound('task_preprocess_start'), ANSWER)).toEqual(FENCED);
    const rejected = finish(bound('task_preprocess_start'), failure('rejected', 'Bad.'));
    expect(rejected).toContainEqual(ended('2'));
    // Words that came before the run had begun are no words of it.
    const early = finish(bound('task_preprocess_start'), failure('failed', 'x'), output(1, 1));
    expect(JSON.stringify(early)).not.toContain('count-output');
  });

  test.for([
    ['task_end', ['task_postprocess_start']],
    ['task_postprocess_start', []],
  ] as const)('walks from %s only what is left of the road', ([status, rest]) => {
    const result = failure('failed', '');
    expect(finish(bound(status), result)).toEqual([
      ...rest.map(enter),
      { do: 'settle', result },
      ended('1'),
    ]);
  });

  test('keeps so much of an error and no half of a character', () => {
    const kept = (error: string) => {
      const state = bound('task_start');
      commit(state, finish(state, failure('failed', error)));
      const settled = finish(bound('task_start'), failure('failed', error));
      const step = Array.isArray(settled) && settled.find((one) => one.do === 'settle');
      return step && step.do === 'settle' ? step.result.error : '';
    };
    expect(kept('x'.repeat(9_000))).toHaveLength(8_192);
    expect(kept(`.${'😀'.repeat(5_000)}`)).toMatch(/^\.(😀){4095}$/u);
  });
});

describe('a result without output', () => {
  test.for([
    ['failed', 'failed'],
    ['expired', 'timeout'],
    ['cancelled', 'cancelled'],
  ] as const)('that is %s finishes for the reason %s', ([outcome, finishReason]) => {
    expect(failure(outcome, 'Why.')).toEqual({
      outcome,
      finishReason,
      output: '',
      error: 'Why.',
      outputs: [],
      files: [],
      weights: '',
      device: '',
      promptTokens: 0,
      history: null,
      completionTokens: 0,
    });
  });
});

describe('what follows a failure', () => {
  const requeue = (
    state: TaskState,
    kind: Parameters<typeof decideRequeue>[1]['failure'],
    detail?: string,
  ) => decideRequeue(state, { epoch: 1, failure: kind, ...(detail && { detail }) }, snapshot());

  test('the first time another try at once, elsewhere, and a strike where the worker is to blame', () => {
    expect(requeue(bound('task_start'), 'run_broke_off', 'it broke')).toEqual([
      RAISE,
      { do: 'count-infra-attempt' },
      { do: 'judge-worker', verdict: 'strike' },
      { do: 'avoid', workerIds: ['w'] },
      back('run broke off (it broke)'),
    ]);
    expect(requeue(bound('task_start'), 'worker_lost')).toEqual([
      RAISE,
      { do: 'count-infra-attempt' },
      { do: 'avoid', workerIds: ['w'] },
      back('worker lost'),
    ]);
  });

  test.for(Object.entries(FAILURES).filter(([, { next }]) => next === 'retry'))(
    'a try that ended by %s is counted, and is a strike where the table marks it so',
    ([kind, { isStrike, message }]) => {
      const steps = requeue(bound('task_start'), kind as 'worker_lost');
      expect(steps).toContainEqual({ do: 'count-infra-attempt' });
      expect(steps).toContainEqual(back(message));
      const strike = { do: 'judge-worker', verdict: 'strike' };
      const strikes = JSON.stringify(steps).split(JSON.stringify(strike)).length - 1;
      expect(strikes).toBe(isStrike ? 1 : 0);
    },
  );

  test('the table of failures, as operators read it', () => {
    const rows = Object.entries(FAILURES).map(([name, row]) => ({ name, ...row }));
    expect(
      rows.map(({ name, next, isStrike, fault, message }) => [
        name,
        next,
        isStrike,
        fault,
        message,
      ]),
    ).toEqual([
      ['input_rejected', 'rejected', false, 'user', 'input rejected'],
      ['model_failed', 'failed', false, 'model', 'model failed'],
      ['worker_lost', 'retry', false, 'infrastructure', 'worker lost'],
      ['run_broke_off', 'retry', true, 'infrastructure', 'run broke off'],
      ['not_written', 'retry', false, 'infrastructure', 'not written'],
      ['load_failed', 'retry', true, 'infrastructure', 'load failed'],
      ['not_accepted', 'retry', false, 'infrastructure', 'not accepted in time'],
      ['worker_stopping', 'return', false, 'infrastructure', 'worker stopping'],
    ]);
  });

  test('a worker on which it failed before is not blamed twice, nor avoided twice', () => {
    expect(requeue(bound('task_start', { avoids: ['w'] }), 'run_broke_off')).toEqual([
      RAISE,
      { do: 'count-infra-attempt' },
      back('run broke off'),
    ]);
  });

  test('only so many workers are remembered, the latest', () => {
    const avoids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    expect(requeue(bound('task_start', { avoids }), 'worker_lost')).toContainEqual({
      do: 'avoid',
      workerIds: ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'w'],
    });
  });

  test('the second time it pauses, half to one and a half times as long as is usual', () => {
    const pauses = Array.from({ length: 200 }, (_, id) => {
      const state = bound('task_start', { id: String(id), infraAttempts: 1 });
      const steps = requeue(state, 'worker_lost');
      const pause = Array.isArray(steps) && steps.find((step) => step.do === 'pause');
      return pause && pause.do === 'pause' ? Number(pause.notBefore - NOW) / 1e6 : 0;
    });
    const [, nominal] = BACKOFF_SECONDS;
    expect(BACKOFF_SECONDS).toEqual([0, 4]);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(nominal / 2);
    expect(Math.min(...pauses)).toBeLessThan(nominal * 0.6);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(PAUSE_SECONDS_MAX);
    expect(Math.max(...pauses)).toBeGreaterThan(nominal * 1.4);
    expect(PAUSE_SECONDS_MAX).toBe(6);
    // The same for the same task in every process.
    expect(pauses.slice(0, 3)).toEqual([2, 5.044, 4.088]);
  });

  test('the last time the task fails, and says how often and of what', () => {
    const state = bound('task_start', { infraAttempts: INFRA_ATTEMPTS_MAX - 1 });
    const error = 'Gave up after 3 attempts: worker lost (a host).';
    expect(requeue(state, 'worker_lost', 'a host')).toEqual([
      RAISE,
      { do: 'count-infra-attempt' },
      record('task_error', error),
      record('task_error_full', error),
      enter('task_end'),
      enter('task_postprocess_start'),
      { do: 'settle', result: failure('failed', error) },
      ended('1'),
    ]);
  });

  test('what a worker that stops hands back goes in line, but only so often', () => {
    const handBack = (epoch: number) =>
      decideRequeue(
        bound('task_start', { epoch }),
        { epoch, failure: 'worker_stopping' },
        snapshot(),
      );
    const last = 2 * ASSIGNMENTS_MAX - 1;
    expect(ASSIGNMENTS_MAX).toBe(20);
    expect(handBack(last - 2)).toEqual([RAISE, back('worker stopping')]);
    const error = 'Gave up after 20 assignments: worker stopping.';
    const end = handBack(last);
    expect(end).toContainEqual(RAISE);
    expect(end).toContainEqual({ do: 'settle', result: failure('failed', error) });
  });

  test('is refused after the end, in another epoch, and in the queue', () => {
    expect(requeue(bound('task_cancel'), 'worker_lost')).toEqual({ refused: 'already_done' });
    expect(requeue(bound('task_start', { epoch: 2 }), 'worker_lost')).toEqual(FENCED);
    expect(requeue(aState({ epoch: 1 }), 'worker_lost')).toEqual(FENCED);
  });

  test('a task without a worker blames and avoids none', () => {
    const steps = requeue(bound('task_start', { workerId: null }), 'run_broke_off');
    expect(steps).toEqual([RAISE, { do: 'count-infra-attempt' }, back('run broke off')]);
  });
});

describe('a ticket that no worker confirms', () => {
  const late = snapshot({ pulse: 101 + ACCEPT_PULSES });

  test('goes back after so many pulses, and only before it is accepted', () => {
    expect(ACCEPT_PULSES).toBe(5);
    const state = bound('task_assign');
    expect(decideReturnLate(state, snapshot({ pulse: 100 + ACCEPT_PULSES }))).toEqual(NOT_DUE);
    expect(decideReturnLate(state, late)).toEqual([
      RAISE,
      { do: 'count-infra-attempt' },
      { do: 'avoid', workerIds: ['w'] },
      back('not accepted in time'),
    ]);
    expect(decideReturnLate(bound('task_preprocess_start'), late)).toEqual(NOT_DUE);
    expect(decideReturnLate(bound('task_assign', { assignedPulse: null }), late)).toEqual(NOT_DUE);
  });

  test('is a strike where its worker confirmed a list that it was on', () => {
    const strikes = (seenPulse: number, generation = 1) => {
      const holder = aWorkerState({ seenPulse, generation });
      const steps = decideReturnLate(bound('task_assign'), { ...late, holder });
      return JSON.stringify(steps).includes('strike');
    };
    expect([strikes(101), strikes(102), strikes(102, 2)]).toEqual([false, true, false]);
  });
});

describe('an orphan', () => {
  const look = (holder: Parameters<typeof aWorkerState>[0] | null, state = bound('task_start')) =>
    decideRequeueOrphan(state, snapshot(holder ? { holder: aWorkerState(holder) } : {}));

  test.for<[string, Parameters<typeof aWorkerState>[0]]>([
    ['ready', {}],
    ['draining', { state: 'draining' }],
    ['in quarantine', { state: 'quarantined' }],
  ])('is not a task whose worker is %s on the same connection', ([, holder]) => {
    expect(look(holder)).toEqual(NOT_DUE);
  });

  test.for<[string, Parameters<typeof aWorkerState>[0] | null, string]>([
    ['is lost', { state: 'lost' }, 'worker lost (h)'],
    ['has stopped', { state: 'stopped' }, 'worker lost (h)'],
    ['connected once more', { generation: 2 }, 'worker lost (h)'],
    ['is not on the list', null, 'worker lost'],
  ])('is one whose worker %s: it goes back', ([, holder, reason]) => {
    expect(look(holder)).toEqual([
      RAISE,
      { do: 'count-infra-attempt' },
      { do: 'avoid', workerIds: ['w'] },
      back(reason),
    ]);
  });

  test('is no task without a worker', () => {
    expect(look(null, aState())).toEqual(NOT_DUE);
  });
});

describe('a deadline', () => {
  test('to report passes so many seconds after the timeout, by the shortest pulses', () => {
    const state = bound('task_start', { timeoutSeconds: 65 });
    const at = (pulses: number) => decideExpireOverdue(state, snapshot({ pulse: 100 + pulses }));
    expect(REPORT_GRACE_SECONDS).toBe(30);
    // (65 + 30) s of pulses of 0.95 s.
    expect(at(100)).toEqual(NOT_DUE);
    const error = 'The run did not end by its timeout.';
    expect(at(101)).toEqual([
      RAISE,
      record('task_error', error),
      record('task_error_full', error),
      enter('task_end'),
      enter('task_postprocess_start'),
      { do: 'settle', result: failure('expired', error) },
      ended('124'),
    ]);
  });

  test('to report is as exact for an hour', () => {
    const state = bound('task_start', { timeoutSeconds: 3_570 });
    const at = (pulses: number) => decideExpireOverdue(state, snapshot({ pulse: 100 + pulses }));
    expect(at(3_789)).toEqual(NOT_DUE);
    expect(isRefusal(at(3_790))).toBe(false);
  });

  test('to report holds only for what was accepted and has a worker', () => {
    const late = snapshot({ pulse: 100_000 });
    expect(decideExpireOverdue(bound('task_assign'), late)).toEqual(NOT_DUE);
    expect(decideExpireOverdue(bound('task_start', { assignedPulse: null }), late)).toEqual(
      NOT_DUE,
    );
  });

  test.for(['task_queue', 'task_assign'] as const)(
    'to start ends a task that is in %s',
    (status) => {
      const state = bound(status, { startBy: NOW });
      const error = 'No worker could start the run by its start timeout.';
      expect(decideExpireUnstarted(state, snapshot({ now: NOW - 1n }))).toEqual(NOT_DUE);
      expect(decideExpireUnstarted(state, snapshot())).toEqual([
        RAISE,
        record('task_error', error),
        record('task_error_full', error),
        enter('task_end'),
        enter('task_postprocess_start'),
        { do: 'settle', result: failure('expired', error) },
        ended('124'),
      ]);
      expect(decideExpireUnstarted(bound(status), snapshot())).toEqual(NOT_DUE);
    },
  );

  test('to start does not hold for what was accepted', () => {
    expect(decideExpireUnstarted(bound('task_start', { startBy: NOW }), snapshot())).toEqual(
      NOT_DUE,
    );
  });
});

describe('a pause', () => {
  const resume = (afterNow: bigint | null, status: TaskState['status'] = 'task_queue') =>
    decideResume(
      aState({ status, notBefore: afterNow === null ? null : NOW + afterNow }),
      snapshot(),
    );
  const longest = BigInt(PAUSE_SECONDS_MAX) * SECOND;

  test('ends when its time has come, or where it is longer than any: the clock was set back', () => {
    expect(resume(0n)).toEqual([{ do: 'resume' }]);
    expect(resume(-1n)).toEqual([{ do: 'resume' }]);
    expect(resume(1n)).toEqual(NOT_DUE);
    expect(resume(longest)).toEqual(NOT_DUE);
    expect(resume(longest + 1n)).toEqual([{ do: 'resume' }]);
  });

  test('is of a task in the queue', () => {
    expect(resume(null)).toEqual(NOT_DUE);
    expect(resume(0n, 'task_start')).toEqual(NOT_DUE);
  });
});

test('only a task that is parked in the queue is put in line', () => {
  expect(decideUnpark(aState({ isParked: true }))).toEqual([{ do: 'unpark' }]);
  expect(decideUnpark(aState())).toEqual(NOT_DUE);
  expect(decideUnpark(bound('task_start', { isParked: true }))).toEqual(NOT_DUE);
});

describe('a kill', () => {
  test.for([
    ['a kill', decideKill, 'killed'],
    ['a cancel', decideCancel, 'cancelled'],
  ] as const)('%s ends a queued task in a new epoch and settles', ([, decide, reason]) => {
    expect(decide(aState())).toEqual([
      RAISE,
      { do: 'settle', result: failure('cancelled', '') },
      {
        do: 'enter',
        status: 'task_cancel',
        event: { type: 'task_cancel', payload: { reason } },
      },
    ]);
  });

  test('ends a run, which a cancel does not', () => {
    expect(decideKill(bound('task_start'))).toContainEqual(RAISE);
    expect(decideCancel(bound('task_start'))).toEqual({
      refused: 'not_queued',
    });
  });

  test('of what has ended is refused', () => {
    for (const decide of [decideCancel, decideKill]) {
      expect(decide(bound('task_cancel'))).toEqual({ refused: 'already_done' });
    }
  });
});
