/**
 * The life of a task.
 *
 * A **status** is where a task is (one at a time, in its row), an **event** is what happened (many, in
 * its log; see `task-event.ts`), an **outcome** is how it ended (see `outcome.ts`). Everything about
 * statuses derives from `TASK_LIFE`, or is compared with it by the compiler or a test: the Postgres enum
 * and time columns, the compare-and-set of every write, the API schema, the socket's frames, the
 * dashboard's labels and the diagram in the docs.
 */
import { z } from 'zod';

/**
 * `next`: the status that follows. `time`: the key of the moment at which a task entered it.
 * `wireTime`: that key in Task/Detail.
 */
export const TASK_LIFE = {
  task_queue: { next: 'task_assign', time: 'queuedAt', wireTime: 'createtime' },
  task_assign: { next: 'task_accept', time: 'assignedAt', wireTime: 'assigntime' },
  task_accept: { next: 'task_preprocess_start', time: 'acceptedAt', wireTime: 'accepttime' },
  task_preprocess_start: {
    next: 'task_preprocess_end',
    time: 'preprocessStartedAt',
    wireTime: 'preprocessstarttime',
  },
  task_preprocess_end: {
    next: 'task_start',
    time: 'preprocessEndedAt',
    wireTime: 'preprocessendtime',
  },
  task_start: { next: 'task_end', time: 'startedAt', wireTime: 'starttime' },
  task_end: { next: 'task_postprocess_start', time: 'endedAt', wireTime: 'endtime' },
  task_postprocess_start: {
    next: 'task_postprocess_end',
    time: 'postprocessStartedAt',
    wireTime: 'postprocessstarttime',
  },
  task_postprocess_end: {
    next: null,
    time: 'postprocessEndedAt',
    wireTime: 'postprocessendtime',
  },
  task_cancel: { next: null, time: 'cancelledAt', wireTime: 'canceltime' },
} as const satisfies Record<string, { next: string | null; time: string; wireTime: string }>;

export type TaskStatus = keyof typeof TASK_LIFE;
export type TaskTime = (typeof TASK_LIFE)[TaskStatus]['time'];

export const TASK_STATUSES = Object.keys(TASK_LIFE) as [TaskStatus, ...TaskStatus[]];
export const INITIAL_STATUS = 'task_queue' satisfies TaskStatus;
export const taskStatusSchema = z.enum(TASK_STATUSES);

export function isTerminal(status: TaskStatus): boolean {
  return TASK_LIFE[status].next === null;
}

export const LIVE_STATUSES: readonly TaskStatus[] = TASK_STATUSES.filter(
  (status) => !isTerminal(status),
);

/** The statuses in which a task occupies a slot of the worker it is assigned to. */
export const SLOT_STATUSES: readonly TaskStatus[] = LIVE_STATUSES.filter(
  (status) => status !== INITIAL_STATUS,
);

/**
 * A run that fails continues from here, whatever its status was. Every run that is not cancelled
 * passes it.
 */
export const FAILURE_STATUS = 'task_end' satisfies TaskStatus;

/**
 * Whether a task may move from one status to another. Besides the next status there are three exits
 * from every status that is not terminal: killed (`task_cancel`), failed (`task_end`, after which the
 * task ends with a non-zero `pexit`) and, once assigned, requeued (`task_queue`).
 */
export function canTransition(from: TaskStatus, to: TaskStatus): boolean {
  if (isTerminal(from)) return false;
  if (to === TASK_LIFE[from].next || to === 'task_cancel') return true;
  if (to === INITIAL_STATUS) return from !== INITIAL_STATUS;
  return to === FAILURE_STATUS && TASK_STATUSES.indexOf(from) < TASK_STATUSES.indexOf(to);
}

/** The statuses from which a move to `to` is legal. */
export function predecessorsOf(to: TaskStatus): TaskStatus[] {
  return TASK_STATUSES.filter((from) => canTransition(from, to));
}
