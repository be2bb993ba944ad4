import { z } from 'zod';

import { wholeNumber } from './scalars.ts';

const tokenSchema = { id: z.number().int(), token: z.string(), logprob: z.number() };

/** The natural logarithm of a token's probability, and the most likely alternatives. */
const tokenLogprobsSchema = z.strictObject({
  ...tokenSchema,
  top: z.array(z.strictObject(tokenSchema)).readonly(),
});

export type TokenLogprobs = z.infer<typeof tokenLogprobsSchema>;

const textSegment = { type: z.enum(['thinking', 'answer']), text: z.string() };

/**
 * A call of a tool. The caller may execute it if its `status` is `completed` and the `finishreason` of the
 * answer is `tool_calls`.
 */
const callSegment = {
  type: z.literal('function_call'),
  id: z.string(),
  /** Names the call in `toolOutputs`. */
  call_id: z.string(),
  name: z.string(),
  /** JSON text. */
  arguments: z.string(),
  status: z.enum(['in_progress', 'completed', 'incomplete']),
};

/** A part of an answer. All parts in order are the answer. */
const segmentSchema = z.union([z.strictObject(textSegment), z.strictObject(callSegment)]);

export type Segment = z.infer<typeof segmentSchema>;

const index = z.number().int();

/** What is new of the segment at `index`: of its text or its arguments only the new part. */
export const newSegmentSchema = z.union([
  z.strictObject({ index, ...textSegment }),
  z.strictObject({ index, ...callSegment }),
]);

export type NewSegment = z.infer<typeof newSegmentSchema>;

const count = z.number().int();

/** Tokens. `cached_tokens` is the part of the input that the prefix cache spared. */
const usageSchema = z.strictObject({
  input_tokens: count,
  input_tokens_details: z.strictObject({ cached_tokens: count }),
  output_tokens: count,
  output_tokens_details: z.strictObject({ reasoning_tokens: count }),
  /** Input and output. */
  total_tokens: count,
});

export type Usage = z.infer<typeof usageSchema>;

const finishReasonSchema = z.enum(['stop', 'tool_calls', 'length', 'content_filter', 'error']);

export type WireFinishReason = z.infer<typeof finishReasonSchema>;

/** Why and after how many tokens an answer ended. An answer of an older worker has none. */
export const answerEndShape = {
  finishreason: finishReasonSchema.exactOptional(),
  usage: usageSchema.exactOptional(),
};

/** An answer's text in every form that clients read: `segments`, and the three older ones. */
export const answerShape = {
  raw: z.string(),
  thinking: z.array(z.string()),
  answer: z.array(z.string()),
  segments: z.array(segmentSchema),
  ...answerEndShape,
};

/** The answer of a chat model: `logprobs` only where the Run asked for them. */
const rawOutputSchema = z.strictObject({
  contenttype: z.literal('raw'),
  content: z.strictObject({
    prompt: z.string(),
    ...answerShape,
    logprobs: z.array(tokenLogprobsSchema).readonly().exactOptional(),
  }),
});

export type RawOutput = z.infer<typeof rawOutputSchema>;

/** A file that a task wrote. */
export const fileOutputSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  contenttype: z.string(),
  parentid: z.string(),
  uuid: z.string(),
  size: wholeNumber,
  addedtime: wholeNumber,
  modifiedtime: wholeNumber,
  accesskey: z.string(),
  foldercount: wholeNumber,
  filecount: wholeNumber,
  ispublic: z.number().int(),
  expiretime: z.null(),
  url: z.string(),
});

export type FileOutput = z.infer<typeof fileOutputSchema>;

/** An item of a task's `outputs`. */
export const outputItemSchema = z.union([rawOutputSchema, fileOutputSchema]);

export type TaskOutputItem = z.infer<typeof outputItemSchema>;
