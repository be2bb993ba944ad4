/**
 * The frames of the socket (`GET /v1` with an upgrade): what a client sends, and what it receives.
 */
import { z } from 'zod';

import { taskStatusSchema } from '../task-status.ts';
import { answerEndShape, answerShape, newSegmentSchema, outputItemSchema } from './output-item.ts';
import { taskCostSchema } from './receipt.ts';

/** Follows a task. */
export const taskInfoSchema = z.object({
  type: z.literal('task_info'),
  tasktoken: z.string(),
  mode: z.enum(['cumulative', 'delta']).optional(),
  /** Resumes after this event; 0 is the start. */
  after: z.number().int().min(0).optional(),
  /** Adds `task_cost` frames. */
  billing: z.boolean().optional(),
});

export type TaskInfo = z.infer<typeof taskInfoSchema>;

/** The whole answer so far: each frame replaces the one before. */
const progressSchema = z.strictObject({
  type: z.literal('progressGenerate'),
  task: z.literal('Generate'),
  ...answerShape,
  isThinking: z.boolean(),
  speed: z.string(),
  speedType: z.literal('t/s'),
  elapsedTime: z.string(),
});

/**
 * Only the new text, for clients that asked for `mode: "delta"`. `segments` comes only in runs with
 * tools: it has what is new of each segment.
 */
const deltaSchema = z.strictObject({
  type: z.literal('delta'),
  raw: z.string(),
  segments: z.array(newSegmentSchema).exactOptional(),
  ...answerEndShape,
});

function frameOf<Type extends z.ZodType<string>, Message extends z.ZodType>(
  type: Type,
  message: Message,
) {
  return z.strictObject({
    type,
    id: z.string(),
    tasktoken: z.string(),
    message,
    result: z.literal(true),
    /** Null until the task has ended. */
    success: z.boolean().nullable(),
    /** Whether it is the task's last frame. */
    terminal: z.boolean(),
    /** Null until the task has ended. */
    exitCode: z.number().int().nullable(),
    seq: z.number().int().exactOptional(),
    epoch: z.number().int().exactOptional(),
    /** The `seq` of the frame that this subscription was sent before; 0 in its first one. */
    prev: z.number().int().exactOptional(),
  });
}

/** A frame about a task. `seq`, `epoch` and `prev` come with the options of `task_info`. */
const taskFrameSchema = z.discriminatedUnion('type', [
  frameOf(taskStatusSchema.exclude(['task_postprocess_end']), z.null()),
  frameOf(z.literal('task_postprocess_end'), z.array(outputItemSchema).readonly()),
  frameOf(z.literal('task_output'), z.union([progressSchema, deltaSchema])),
  frameOf(z.literal('task_output_full'), z.strictObject(answerShape)),
  frameOf(z.literal('task_error'), z.string()),
  frameOf(z.literal('task_error_full'), z.strictObject({ raw: z.string() })),
  frameOf(z.literal('task_cost'), taskCostSchema),
]);

export type TaskFrame = z.infer<typeof taskFrameSchema>;

/** Everything that a client receives. */
export const downstreamSchema = z.union([
  z.strictObject({ type: z.literal('connected'), version: z.string() }),
  z.strictObject({
    type: z.literal('error'),
    message: z.string(),
    result: z.literal(false),
    /** The token that the error is about. */
    tasktoken: z.string().exactOptional(),
  }),
  taskFrameSchema,
]);

export type Downstream = z.infer<typeof downstreamSchema>;
