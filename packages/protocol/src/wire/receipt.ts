import { z } from 'zod';

import { billLineSchema } from './price.ts';
import { seconds, usd } from './scalars.ts';

const historySchema = z.strictObject({
  /** Earlier turns that were read, and their tokens, which are a part of `promptTokens`. */
  turns: z.number().int(),
  tokens: z.number().int(),
  /** The oldest turns, left out because the history was too long. */
  dropped: z.number().int(),
});

export type History = z.infer<typeof historySchema>;

/** What a task cost and why. */
export const receiptSchema = z.strictObject({
  priceVersion: z.string(),
  cps: usd,
  seconds: z.strictObject({
    queue: seconds,
    preprocess: seconds,
    run: seconds,
    postprocess: seconds,
    billed: seconds,
  }),
  /**
   * How long the run had a slot, from accept to end, and how many tokens of its text are in the event
   * log. Killed and failed runs have it too, although they are not billed. Older receipts have none.
   */
  used: z.strictObject({ seconds, tokens: z.number().int() }).exactOptional(),
  /** The folder of the weights that answered. */
  weights: z.string(),
  device: z.string(),
  /**
   * How far a logit may move because of the answers beside this one, as measured on the device: 0 if
   * the answer depends on its request alone. Older receipts, and those without an answer, have none.
   */
  isolation: z.number().min(0).exactOptional(),
  promptTokens: z.number().int(),
  /** What the model read of the conversation before this turn. Only in receipts of its later turns. */
  history: historySchema.exactOptional(),
  completionTokens: z.number().int(),
  finishReason: z.string(),
  cost: usd,
  /** The terms of the cost. Older receipts have none and cost `seconds.billed` times `cps`. */
  bill: z.array(billLineSchema).exactOptional(),
});

export type Receipt = z.infer<typeof receiptSchema>;

/**
 * Money that moved for a task: `hold` when it is accepted or its hold is extended, `settle` when it
 * ends.
 */
export const taskCostSchema = z.strictObject({
  kind: z.enum(['hold', 'settle']),
  seconds,
  cost: usd,
  held: usd,
  receipt: receiptSchema.exactOptional(),
});

export type TaskCost = z.infer<typeof taskCostSchema>;
