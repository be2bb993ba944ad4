import { z } from 'zod';

import { billLineSchema } from './price.ts';
import { seconds, usd } from './scalars.ts';

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
  promptTokens: z.number().int(),
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
