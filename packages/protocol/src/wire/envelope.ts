import { z } from 'zod';

import { reachedLimitSchema } from '../limits.ts';
import { decimalId } from './scalars.ts';

const errorSchema = z.strictObject({ code: z.number().int(), message: z.string() });

/** What every answer of a call has beside its payload. */
export type Envelope = { result: boolean; errors: z.infer<typeof errorSchema>[] };

/** A call that was refused, or that failed. */
export const refusalSchema = z.strictObject({
  errors: z.array(errorSchema).min(1),
  /** The task of a wait that ended before it, or the one that the call must wait for. */
  taskid: decimalId.exactOptional(),
  socketaccesstoken: z.string().exactOptional(),
  /** The limit that was reached. */
  limit: reachedLimitSchema.exactOptional(),
  result: z.literal(false),
});

export type Refusal = z.infer<typeof refusalSchema>;

/** The two keys that a successful answer has beside its payload. */
export const SUCCESS = { errors: z.array(z.never()), result: z.literal(true) };

/** A call that answers with nothing but its success. */
export const doneSchema = z.strictObject(SUCCESS);

export type Done = z.infer<typeof doneSchema>;
