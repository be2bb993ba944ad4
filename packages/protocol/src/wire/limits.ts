import { z } from 'zod';

import { reachedLimitSchema } from '../limits.ts';
import { SUCCESS } from './envelope.ts';
import { decimalId } from './scalars.ts';

/** A limit and what is used of it in its current period. */
const limitSchema = z.strictObject({
  ...reachedLimitSchema.shape,
  id: decimalId,
  /** Null for a limit of each end user, which has as many counts. */
  used: reachedLimitSchema.shape.used.nullable(),
  /** False while what was spent before it was set is not counted yet: it refuses no Run. */
  isInForce: z.boolean(),
});

export type WireLimit = z.infer<typeof limitSchema>;

/** The limits of an organisation, or the one that was set. */
export const limitsAnswerSchema = z.strictObject({ ...SUCCESS, limits: z.array(limitSchema) });

export type LimitsAnswer = z.infer<typeof limitsAnswerSchema>;
