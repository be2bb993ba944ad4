/** One history that breaks no law, and changes to it that break one law each. */
import { parseUsd } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import type { Observations, ObservedCopy, ObservedRun } from '../observations.ts';
import type { Rest } from './check-rest.ts';
import { judge } from './judge.ts';
import { type Law, LAWS } from './laws.ts';
import type { LoggedEvent, TaskRecord } from './task-record.ts';

type History = { observed: Observations; tasks: TaskRecord[]; rest: Rest };

const HELD = parseUsd('0.3');
const COST = parseUsd('0.1');

const log = (lines: string): LoggedEvent[] =>
  lines
    .trim()
    .split('\n')
    .map((line, index) => {
      const [epoch, type, ...words] = line.trim().split(' ');
      // The logs below contain only events.
      return {
        seq: index + 1,
        epoch: Number(epoch),
        type,
        text: words.join(' ') || null,
      } as LoggedEvent;
    });

/** Requeued once, in the middle of its answer. */
const succeeded = (): TaskRecord => ({
  ...ended('1', 'run-1'),
  status: 'task_postprocess_end',
  outcome: 'succeeded',
  finishReason: 'stop',
  output: 'to be',
  totalCost: COST,
  transfers: [
    { kind: 'hold', amount: HELD },
    { kind: 'settle', amount: COST },
    { kind: 'release', amount: HELD - COST },
  ],
  ...withLog(`
    1 task_queue
    1 task_cost
    2 task_assign
    2 task_accept
    2 task_preprocess_start
    2 task_preprocess_end
    2 task_start
    2 task_output to
    3 task_queue
    4 task_assign
    4 task_accept
    4 task_preprocess_start
    4 task_preprocess_end
    4 task_start
    4 task_output to
    4 task_output  be
    4 task_output_full to be
    4 task_end
    4 task_postprocess_start
    4 task_cost
    4 task_postprocess_end`),
});

const killed = (): TaskRecord => ({
  ...ended('2', 'run-2'),
  status: 'task_cancel',
  outcome: 'cancelled',
  finishReason: 'cancelled',
  transfers: [
    { kind: 'hold', amount: HELD },
    { kind: 'release', amount: HELD },
  ],
  ...withLog(`
    1 task_queue
    1 task_cost
    2 task_assign
    3 task_cost
    3 task_cancel`),
});

function ended(id: string, name: string): TaskRecord {
  return {
    id,
    organisationId: '7',
    name,
    token: `token-${id}`,
    status: 'task_queue',
    epoch: 1,
    seq: 1,
    outcome: null,
    finishReason: null,
    output: '',
    held: HELD,
    totalCost: 0n,
    isInSlot: false,
    endedAt: 2_000,
    events: [],
    transfers: [],
  };
}

function withLog(lines: string): Pick<TaskRecord, 'events' | 'seq' | 'epoch'> {
  const events = log(lines);
  const last = events.at(-1);
  if (!last) throw new Error('A log has lines.');
  return { events, seq: last.seq, epoch: last.epoch };
}

const run = (name: string, taskId: string): ObservedRun => ({
  name,
  organisationId: '7',
  key: `key-of-${name}`,
  engine: 'echo',
  prompt: 'to be',
  answers: [{ taskId, token: `token-${taskId}` }],
  refusals: [{ status: 503, code: 0, message: 'away' }],
  unanswered: 1,
});

/** Delta and billing: every event. The last two outputs were merged into one frame. */
const deltaCopy = (): ObservedCopy => ({
  taskId: '1',
  mode: 'delta',
  frames: succeeded()
    .events.filter(({ seq }) => seq !== 15)
    .map((event) => (event.seq === 16 ? { ...event, text: 'to be' } : event)),
  isWhole: true,
  failure: null,
});

/** Cumulative: no costs, and only the newest output. */
const cumulativeCopy = (): ObservedCopy => ({
  taskId: '1',
  mode: 'cumulative',
  frames: succeeded()
    .events.filter(({ type, seq }) => type !== 'task_cost' && seq !== 15)
    .map((event) => (event.seq === 16 ? { ...event, text: 'to be' } : event)),
  isWhole: true,
  failure: null,
});

const prefixCopy = (): ObservedCopy => {
  const { frames } = deltaCopy();
  return { ...deltaCopy(), frames: frames.slice(0, 4), isWhole: false };
};

const healthy = (): History => ({
  observed: {
    runs: [run('run-1', '1'), run('run-2', '2')],
    copies: [deltaCopy(), cumulativeCopy(), prefixCopy()],
    kills: [{ taskId: '2', status: 'task_cancel' }],
  },
  tasks: [succeeded(), killed()],
  rest: {
    live: 0,
    accounts: [{ organisationId: '7', held: 0n, activeTasks: 0 }],
    drift: 0n,
    imbalance: 0n,
    workers: [{ host: 'worker-1', state: 'ready', used: 0 }],
    lanes: [{ lane: 'a-pool', queued: 0, running: 0 }],
    unexpectedEnds: [],
    hiddenFaults: [],
  },
});

const lawsBroken = async ({ observed, tasks, rest }: History): Promise<Law[]> => [
  ...new Set((await judge(observed, tasks, rest)).broken.map(({ law }) => law)),
];

test('a healthy history breaks no law', async () => {
  const { broken, counts } = await judge(...argumentsOf(healthy()));
  expect(broken).toEqual([]);
  expect(counts).toEqual({
    tasks: 2,
    requeued: 1,
    byOutcome: new Map([
      ['succeeded', 1],
      ['cancelled', 1],
    ]),
  });
});

const argumentsOf = ({ observed, tasks, rest }: History) => [observed, tasks, rest] as const;

/** Changes the first task. */
const first = (change: (task: TaskRecord) => Partial<TaskRecord>) => (history: History) => {
  const [task, ...others] = history.tasks;
  if (task) history.tasks = [{ ...task, ...change(task) }, ...others];
};
const second = (change: Partial<TaskRecord>) => (history: History) => {
  const [task, other] = history.tasks;
  if (task && other) history.tasks = [task, { ...other, ...change }];
};
const firstRun = (change: Partial<ObservedRun>) => (history: History) => {
  Object.assign(history.observed.runs[0] ?? {}, change);
};
const firstCopy =
  (change: (copy: ObservedCopy) => Partial<ObservedCopy>, index = 0) =>
  (history: History) => {
    const copy = history.observed.copies[index];
    if (copy) Object.assign(copy, change(copy));
  };
const rest = (change: Partial<Rest>) => (history: History) => {
  Object.assign(history.rest, change);
};
const without = (seq: number) => (task: TaskRecord) => ({
  events: task.events.filter((event) => event.seq !== seq),
});
const withEvent = (seq: number, change: Partial<LoggedEvent>) => (task: TaskRecord) => ({
  events: task.events.map((event) => (event.seq === seq ? { ...event, ...change } : event)),
});
const transferred = (...transfers: [kind: string, usd: string][]) => ({
  transfers: transfers.map(([kind, usd]) => ({ kind, amount: parseUsd(usd) })),
});

const CASES: [law: Law, what: string, breakIt: (history: History) => void][] = [
  ['nothing lost', 'an answered task does not exist', (history) => history.tasks.shift()],
  ['nothing lost', 'an answered task is another tenant’s', first(() => ({ organisationId: '8' }))],
  ['nothing lost', 'an answered token is wrong', first(() => ({ token: 'another' }))],
  [
    'one task per Run',
    'a key has two tasks',
    (history) => history.tasks.push({ ...killed(), id: '3', name: 'run-1' }),
  ],
  [
    'one task per Run',
    'a Run that was sent once, without a key, has two tasks',
    (history) => {
      firstRun({ key: null })(history);
      history.tasks.push({ ...killed(), id: '3', name: 'run-1' });
    },
  ],
  [
    'one end',
    'a task ends twice',
    first(() => withLog(`${lines(succeeded())}\n4 task_postprocess_end`)),
  ],
  [
    'silence after the end',
    'an output after the end',
    first(() => withLog(`${lines(succeeded())}\n4 task_output late`)),
  ],
  ['gapless log', 'an event is missing', first(without(5))],
  ['gapless log', 'an event is there twice', first(withEvent(5, { seq: 4 }))],
  ['legal moves', 'a status is skipped', first(withEvent(4, { type: 'task_output', text: '' }))],
  ['epochs rise', 'a late output of an earlier attempt', first(withEvent(16, { epoch: 2 }))],
  ['epochs rise', 'a requeue in the same epoch', first(withEvent(9, { epoch: 2 }))],
  ['row and log agree', 'the row is behind its log', first(() => ({ seq: 20 }))],
  ['row and log agree', 'the row has an older epoch', first(() => ({ epoch: 3 }))],
  ['row and log agree', 'the row has another status', second({ status: 'task_postprocess_end' })],
  ['whole answer', 'a part of the answer is missing', first(withEvent(15, { text: '' }))],
  ['whole answer', 'the row has another answer', first(() => ({ output: 'to bee' }))],
  ['whole answer', 'the echo differs from the prompt', firstRun({ prompt: 'not to be' })],
  [
    'whole answer',
    'the same input gets another answer',
    (history) => {
      const other = { ...succeeded(), id: '3', name: 'run-3', token: 'token-3', output: 'not' };
      history.tasks.push({ ...other, events: other.events.map(answerNot) });
      history.observed.runs.push({ ...run('run-3', '3'), engine: 'tiny' });
      firstRun({ engine: 'tiny' })(history);
    },
  ],
  [
    'true copy',
    'a frame is missing',
    firstCopy(({ frames }) => ({ frames: frames.toSpliced(2, 1) })),
  ],
  [
    'true copy',
    'a frame is repeated',
    firstCopy(({ frames }) => ({ frames: frames.toSpliced(2, 0, ...frames.slice(2, 3)) })),
  ],
  [
    'true copy',
    'the frames stop before the end',
    firstCopy(({ frames }) => ({ frames: frames.slice(0, -1) })),
  ],
  [
    'true copy',
    'a frame has an event that is not in the log',
    firstCopy(({ frames }) => ({
      frames: frames.with(3, { seq: 99, epoch: 2, type: 'task_end', text: null }),
    })),
  ],
  [
    'true copy',
    'an output has another text',
    firstCopy(({ frames }) => ({
      frames: frames.map((frame) => ({ ...frame, text: frame.text && 'x' })),
    })),
  ],
  [
    'true copy',
    'frames have the epoch of another attempt',
    firstCopy(({ frames }) => ({ frames: frames.map((frame) => ({ ...frame, epoch: 4 })) })),
  ],
  [
    'true copy',
    'a cumulative output lacks its beginning',
    firstCopy(
      ({ frames }) => ({
        frames: frames.map((frame) => (frame.seq === 16 ? { ...frame, text: ' be' } : frame)),
      }),
      1,
    ),
  ],
  [
    'true copy',
    'a prefix has a gap',
    firstCopy(({ frames }) => ({ frames: frames.toSpliced(1, 1) }), 2),
  ],
  ['true copy', 'the token is refused', firstCopy(() => ({ failure: 'was refused' }))],
  [
    'a kill is final',
    'a killed task succeeded',
    (history) => void history.observed.kills.push({ taskId: '1', status: 'task_cancel' }),
  ],
  [
    'fair refusals',
    'a valid key is refused',
    firstRun({ refusals: [{ status: 401, code: 0, message: 'unknown' }] }),
  ],
  [
    'one charge',
    'a task is charged twice',
    first(() =>
      transferred(['hold', '0.3'], ['settle', '0.1'], ['settle', '0.1'], ['release', '0.1']),
    ),
  ],
  [
    'one charge',
    'a task is charged more than its hold',
    first(() => ({
      ...transferred(['hold', '0.3'], ['settle', '0.4']),
      totalCost: parseUsd('0.4'),
    })),
  ],
  [
    'one charge',
    'the rest of the hold is not released',
    first(() => transferred(['hold', '0.3'], ['settle', '0.1'])),
  ],
  [
    'one charge',
    'a killed task is charged',
    second({
      ...transferred(['hold', '0.3'], ['settle', '0.1'], ['release', '0.2']),
      totalCost: COST,
    }),
  ],
  ['one charge', 'the row lacks the charge', first(() => ({ totalCost: 0n }))],
  ['one charge', 'a hold was orphaned', second(transferred(['hold', '0.3'], ['orphan', '0.3']))],
  ['true ledger', 'an account is not the sum of its transfers', rest({ drift: 1n })],
  ['true ledger', 'money was created', rest({ imbalance: -1n })],
  [
    'nothing held',
    'a hold remains',
    rest({ accounts: [{ organisationId: '7', held: 1n, activeTasks: 0 }] }),
  ],
  [
    'nothing held',
    'a task counts as active',
    rest({ accounts: [{ organisationId: '7', held: 0n, activeTasks: 1 }] }),
  ],
  [
    'slots free',
    'a worker counts a slot too many',
    rest({ workers: [{ host: 'worker-1', state: 'lost', used: 1 }] }),
  ],
  ['slots free', 'an ended task occupies a slot', first(() => ({ isInSlot: true }))],
  [
    'empty queue',
    'a task is still queued',
    rest({ lanes: [{ lane: 'a-pool', queued: 1, running: 0 }] }),
  ],
  [
    'empty queue',
    'a task counts as running',
    rest({ lanes: [{ lane: 'a-pool', queued: 0, running: 1 }] }),
  ],
  [
    'everything finishes',
    'a task still runs',
    second({
      ...withLog('1 task_queue\n1 task_cost\n2 task_assign'),
      status: 'task_assign',
      outcome: null,
    }),
  ],
  ['no unexpected exit', 'a broker crashed', rest({ unexpectedEnds: ['broker 1'] })],
  ['no hidden fault', 'a count of slots was repaired', rest({ hiddenFaults: ['repaired'] })],
];

test.each(CASES)('%s detects that %s', async (law, _what, breakIt) => {
  const history = healthy();
  breakIt(history);
  expect(await lawsBroken(history)).toContain(law);
});

test('every law has a case', () => {
  const covered = new Set(CASES.map(([law]) => law));
  expect([...covered].toSorted()).toEqual(Object.keys(LAWS).toSorted());
});

const lines = ({ events }: TaskRecord) =>
  events
    .map(({ epoch, type, text }) => `${epoch} ${type}${text === null ? '' : ` ${text}`}`)
    .join('\n');

function answerNot(event: LoggedEvent): LoggedEvent {
  if (event.type === 'task_output_full' || event.seq === 16) return { ...event, text: 'not' };
  return event.type === 'task_output' ? { ...event, text: '' } : event;
}
