import { z } from 'zod';

import { TASK_LIFE, TASK_STATUSES, taskStatusSchema, type TaskStatus } from '../task-status.ts';
import { SUCCESS } from './envelope.ts';
import { outputItemSchema } from './output-item.ts';
import { receiptSchema } from './receipt.ts';
import { decimalId, seconds, usd, wholeNumber } from './scalars.ts';

type WireTime = (typeof TASK_LIFE)[TaskStatus]['wireTime'];

/** When the task entered each status, in unix seconds; "0" for a status that it has not reached. */
const times = Object.fromEntries(
  TASK_STATUSES.map((status) => [TASK_LIFE[status].wireTime, wholeNumber]),
) as Record<WireTime, typeof wholeNumber>;

/** The times of a task by the wire's names: one for each status. */
export type WireTimes = Record<WireTime, string>;

/** Why no worker can run a queued task. */
const BLOCKED_REASONS = ['no-worker', 'no-worker-with-labels'] as const;

/** The position of a queued task. Seconds are estimates; null where there is no estimate. */
const queuePlaceSchema = z.strictObject({
  /** Among the queued tasks of its organisation, from 1. */
  place: z.number().int().nullable(),
  /** How many queued tasks of its organisation run before it. */
  ahead: z.number().int().nullable(),
  /** Until it is likely to start. */
  waitSeconds: z.number().nullable(),
  /** Until its next attempt, after one that failed through no fault of the caller. */
  pauseSeconds: z.number().nullable(),
  /** Null where at least one worker can run it. */
  blocked: z.strictObject({ reason: z.enum(BLOCKED_REASONS), message: z.string() }).nullable(),
});

export type QueuePlace = z.infer<typeof queuePlaceSchema>;

const turnSchema = z.strictObject({
  conversationid: decimalId,
  /** From 1, along the turns that it continues. */
  turn: wholeNumber,
  /** The task that it continues; empty for none. */
  previoustaskid: z.union([decimalId, z.literal('')]),
});

const parameters = z.record(z.string(), z.unknown());

/**
 * A task as `Task/Detail` and `Task/List` answer it. What has no meaning here has an empty value.
 */
const taskSchema = z.strictObject({
  id: decimalId,
  /** The user id of the task's owner. */
  uuid: z.string(),
  name: z.literal(''),
  socketaccesstoken: z.string(),
  parameters,
  debugoutput: z.string(),
  debugerror: z.string(),
  ...times,
  elapsedseconds: seconds,
  status: taskStatusSchema,
  cps: usd,
  totalcost: usd,
  guestid: z.null(),
  projectid: decimalId,
  modelid: decimalId,
  description: z.literal(''),
  basemodelid: z.literal('0'),
  runtype: z.literal('model'),
  modelfolderid: z.literal(''),
  modelfileid: z.literal(''),
  /** Empty where the Run gave none. */
  callbackurl: z.string(),
  marketplaceid: z.null(),
  /**
   * "0" = succeeded; "" = not ended, or cancelled; anything else = failed, for the reason in
   * `debugerror`.
   */
  pexit: z.string(),
  /** A list as a JSON text. */
  categories: z.string(),
  outputs: z.array(outputItemSchema),
  size: wholeNumber,
  modeldescription: z.string(),
  modelslugowner: z.string(),
  modelslugproject: z.string(),
  outputfolderid: z.literal('0'),
  /** What it cost and why; null until it has ended. Other servers of this API do not send it. */
  receipt: receiptSchema.nullable().exactOptional(),
  /** The turn that it is of a conversation. Other servers do not send it. */
  conversation: turnSchema.exactOptional(),
  /** In `Task/Detail` while the task is queued. Other servers do not send it. */
  queue: queuePlaceSchema.exactOptional(),
  /**
   * In `Task/List` where long texts were cut; `Task/Detail` has them whole. Other servers do not
   * send it.
   */
  shortened: z.literal(true).exactOptional(),
});

export type WireTask = z.infer<typeof taskSchema>;

/** A task as `Task/List` answers it with `summary`. Other servers answer whole tasks. */
const taskSummarySchema = taskSchema
  .pick({
    id: true,
    elapsedseconds: true,
    status: true,
    totalcost: true,
    createtime: true,
    pexit: true,
    modelslugowner: true,
    modelslugproject: true,
  })
  .extend({ parameters });

export type WireTaskSummary = z.infer<typeof taskSummarySchema>;

/** The answer of a call about one task. */
export const taskAnswerSchema = z.strictObject({
  ...SUCCESS,
  /** How many tasks match, listed or not. */
  total: wholeNumber,
  tasklist: z.array(taskSchema),
});

export type TaskAnswer = z.infer<typeof taskAnswerSchema>;

export const taskSummaryAnswerSchema = z.strictObject({
  ...taskAnswerSchema.shape,
  tasklist: z.array(taskSummarySchema),
});

export type TaskSummaryAnswer = z.infer<typeof taskSummaryAnswerSchema>;

/**
 * The parts of a task's life by which Task/Stat counts and Task/List filters. `running` starts with the
 * assignment, `ended` tasks have succeeded, and `cancelled` ones were cancelled or killed.
 */
export const TASK_PARTS = ['running', 'queued', 'ended', 'failed', 'cancelled'] as const;

export type TaskPart = (typeof TASK_PARTS)[number];

const countsByPart = Object.fromEntries(TASK_PARTS.map((part) => [part, wholeNumber])) as Record<
  TaskPart,
  typeof wholeNumber
>;

/** The answer of Task/Stat: how many tasks of the project are in which part of their life. */
export const taskStatAnswerSchema = z.strictObject({
  ...SUCCESS,
  stat: z.strictObject(countsByPart),
});

export type TaskStatAnswer = z.infer<typeof taskStatAnswerSchema>;

/** The answer of Run. */
export const runAnswerSchema = z.strictObject({
  ...SUCCESS,
  taskid: decimalId,
  socketaccesstoken: z.string(),
});

export type RunAnswer = z.infer<typeof runAnswerSchema>;
