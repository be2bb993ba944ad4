import { z } from 'zod';

import { wholeNumber } from './scalars.ts';

const tokenSchema = { id: z.number().int(), token: z.string(), logprob: z.number() };

/** The natural logarithm of a token's probability, and the most likely alternatives. */
const tokenLogprobsSchema = z.strictObject({
  ...tokenSchema,
  top: z.array(z.strictObject(tokenSchema)).readonly(),
});

export type TokenLogprobs = z.infer<typeof tokenLogprobsSchema>;

/** The answer of a chat model: `logprobs` only where the Run asked for them. */
const rawOutputSchema = z.strictObject({
  contenttype: z.literal('raw'),
  content: z.strictObject({
    prompt: z.string(),
    raw: z.string(),
    thinking: z.array(z.string()),
    answer: z.array(z.string()),
    logprobs: z.array(tokenLogprobsSchema).readonly().exactOptional(),
  }),
});

export type RawOutput = z.infer<typeof rawOutputSchema>;

/** A file that a task wrote. */
const fileOutputSchema = z.strictObject({
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
