/** Every action that is possible in a state: the decisions of brokers, workers, callers and reconcilers. */
import { isTerminal } from '@runfleet/protocol';
import {
  decideAccept,
  decideAssign,
  decideExpireOverdue,
  decideExpireUnstarted,
  decideFinish,
  decideCancel,
  decideKill,
  decideOutput,
  decideReap,
  decideRegister,
  decideRenew,
  decideRequeue,
  decideRequeueOrphan,
  decideResume,
  decideRetire,
  decideReturnLate,
  decideStart,
  type Decision,
  failure,
  type TaskResult,
  type TaskSnapshot,
  type TaskState,
  type WorkerDecision,
  type WorkerState,
} from '@runfleet/tasks/memory';

import { textOf } from '../simulation/answer.ts';
import {
  type Attempt,
  LEASE_OUT,
  type ModelState,
  NOW,
  RUN_OVERDUE,
  TICKET_LATE,
} from './model-state.ts';

/** The decisions of the model, so that a test can plant a wrong one. */
export const DECISIONS = {
  decideAccept,
  decideAssign,
  decideExpireOverdue,
  decideExpireUnstarted,
  decideFinish,
  decideCancel,
  decideKill,
  decideOutput,
  decideReap,
  decideRegister,
  decideRenew,
  decideRequeue,
  decideRequeueOrphan,
  decideResume,
  decideRetire,
  decideReturnLate,
  decideStart,
};
export type Decisions = typeof DECISIONS;

export type Action = { name: string; attempt?: Attempt } & (
  | {
      do: 'task';
      targetWorker?: string;
      decide: (state: TaskState, snapshot: TaskSnapshot) => Decision;
      /** Whether the answer advances the attempt to its next step. */
      isStep?: boolean;
    }
  | { do: 'worker'; id: string; decide: (worker: WorkerState, pulse: number) => WorkerDecision }
  | { do: 'time'; change: (task: TaskState) => void }
);

/** Words of a complete answer. */
const WORDS = 2;

export function actionsOf(
  state: ModelState,
  decisions: Decisions,
  bounds: { attempts: number; generations: number },
): Action[] {
  const reports = state.attempts.flatMap((attempt) => ofAttempt(state.task.id, attempt, decisions));
  const always = [...reports, ...repairs(decisions), ...kills(decisions)];
  if (isTerminal(state.task.status)) return always;
  return [
    ...always,
    ...(state.attempts.length < bounds.attempts ? assignments(state, decisions) : []),
    ...state.workers.flatMap((worker) => ofWorker(worker, decisions, bounds)),
    ...TIMES,
  ];
}

/** Time passes: a deadline or a pause is over. Workers renew, unless `ofWorker` makes one fall silent. */
const TIMES: readonly Action[] = (
  [
    ['a ticket is late', (task) => age(task, TICKET_LATE)],
    ['a run is overdue', (task) => age(task, RUN_OVERDUE)],
    [
      'the start deadline comes',
      (task) => {
        if (task.startBy !== null) task.startBy = NOW;
      },
    ],
    [
      'a pause is over',
      (task) => {
        if (task.notBefore !== null) task.notBefore = NOW;
      },
    ],
  ] satisfies [string, (task: TaskState) => void][]
).map(([name, change]) => ({ do: 'time', name, change }));

function age(task: TaskState, pulse: number): void {
  if (task.assignedPulse !== null) task.assignedPulse = Math.min(task.assignedPulse, pulse);
}

/** Assignments to any connection that a broker may have read, also to a closed one. */
function assignments({ workers }: ModelState, { decideAssign }: Decisions): Action[] {
  return workers.flatMap(({ id, generation: latest }) =>
    Array.from({ length: latest }, (_, index): Action => ({
      do: 'task',
      name: `assign to ${id}, connection ${index + 1}`,
      targetWorker: id,
      decide: (task, snapshot) => decideAssign(task, { generation: index + 1 }, snapshot),
    })),
  );
}

/** The next step of an attempt's worker, and what it may do instead. */
function ofAttempt(taskId: string, attempt: Attempt, decisions: Decisions): Action[] {
  const { epoch, workerId, next } = attempt;
  const ticket = { epoch, workerId };
  const name = (what: string) => `${workerId} in epoch ${epoch}: ${what}`;
  const step = (what: string, decide: (task: TaskState) => Decision): Action => ({
    do: 'task',
    name: name(what),
    attempt,
    isStep: true,
    decide,
  });
  const { decideAccept, decideStart, decideOutput, decideFinish, decideRequeue } = decisions;
  const finish = (result: TaskResult) => (task: TaskState) => decideFinish(task, { epoch, result });
  const answer = { ...failure('succeeded', ''), output: textOf({ taskId, epoch }, WORDS) };
  const word = (tokens: number) => (task: TaskState) => {
    const raw = textOf({ taskId, epoch }, tokens).slice(
      textOf({ taskId, epoch }, tokens - 1).length,
    );
    return decideOutput(task, { epoch, tokens, raw, elapsedMs: 1 });
  };
  const script = [
    step('accept', (task) => decideAccept(task, ticket)),
    step('start', (task) => decideStart(task, ticket)),
    step('first word', word(1)),
    step('second word', word(2)),
    step('finish', finish(answer)),
  ];
  const now = script[next];
  if (!now) return [];
  return [
    now,
    {
      do: 'task',
      name: name('gives up'),
      attempt,
      decide: finish(failure('failed', 'No.')),
    },
    ...(['worker_stopping', 'run_broke_off'] as const).map((kind): Action => ({
      do: 'task',
      name: name(kind),
      attempt,
      decide: (task, snapshot) => decideRequeue(task, { epoch, failure: kind }, snapshot),
    })),
  ];
}

function ofWorker(
  worker: WorkerState,
  { decideRegister, decideRenew, decideRetire, decideReap }: Decisions,
  bounds: { generations: number },
): Action[] {
  const { id } = worker;
  const act = (
    name: string,
    decide: (worker: WorkerState, pulse: number) => WorkerDecision,
  ): Action => ({ do: 'worker', name: `${id} ${name}`, id, decide });
  return [
    ...(worker.generation < bounds.generations
      ? [
          act('registers', (known, pulse) =>
            decideRegister(
              known,
              { id, host: known.host, slots: known.slots },
              { pulse, bound: 0 },
            ),
          ),
        ]
      : []),
    act('falls silent', (known) => ({ ...known, renewedPulse: LEASE_OUT })),
    act('renews', (known, pulse) =>
      decideRenew(known, { generation: known.generation, seenPulse: pulse }, { pulse, bound: 0 }),
    ),
    act('retires', (known) => decideRetire(known)),
    act('is reaped', (known, pulse) => decideReap(known, { pulse, bound: 0 })),
  ];
}

function repairs(decisions: Decisions): Action[] {
  const names = [
    'decideReturnLate',
    'decideRequeueOrphan',
    'decideExpireOverdue',
    'decideExpireUnstarted',
    'decideResume',
  ] as const;
  return names.map((name) => ({
    do: 'task',
    name,
    decide: (task, snapshot) => decisions[name](task, snapshot),
  }));
}

function kills({ decideCancel, decideKill }: Decisions): Action[] {
  return [
    { do: 'task', name: 'cancel', decide: (task) => decideCancel(task) },
    { do: 'task', name: 'kill', decide: (task) => decideKill(task) },
  ];
}
