import { z } from 'zod';

import { decimalId, usd } from './scalars.ts';

/** `GET /api/v1/me`: the signed-in user, and the projects and account of their organisation. */
export const meSchema = z.strictObject({
  user: z.strictObject({
    id: z.string(),
    email: z.string(),
    name: z.string(),
    isOperator: z.boolean(),
  }),
  /** Null for a user who is in no organisation. */
  organisation: z.strictObject({ id: decimalId, name: z.string() }).nullable(),
  projects: z.array(
    z.strictObject({
      id: decimalId,
      name: z.string(),
      authType: z.enum(['signature', 'apikey']),
      keyHint: z.string(),
    }),
  ),
  account: z.strictObject({ balance: usd, held: usd, activeTasks: z.number().int() }).nullable(),
  socketUrl: z.string(),
  /** By `owner/name`: the folders of the weights that are ready to answer. */
  served: z.record(z.string(), z.array(z.string())),
});

export type Me = z.infer<typeof meSchema>;
