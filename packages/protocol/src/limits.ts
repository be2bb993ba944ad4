/** The limits that an operator or an owner can set, and how a refusal names the one that was reached. */
import { z } from 'zod';

import { usd, wholeNumber } from './wire/scalars.ts';

/**
 * What a limit applies to. `key`: Runs made with a project's key, whichever project they are for.
 * `user`: one of the tenant's end users, or each of them.
 */
export const LIMIT_LEVELS = ['organisation', 'project', 'key', 'user'] as const;
export type LimitLevel = (typeof LIMIT_LEVELS)[number];

/** Periods begin at 00:00 UTC: of each day, of Monday, of the first of the month. `total` never ends. */
const SPEND_PERIODS = ['day', 'week', 'month', 'total'] as const;
export type SpendPeriod = (typeof SPEND_PERIODS)[number];

/** `spend`: dollars that are charged or held. `active`: tasks that are queued or running. */
export const LIMIT_KINDS = {
  spend: { periods: SPEND_PERIODS, value: usd },
  active: { periods: ['now'], value: wholeNumber },
} as const satisfies Record<string, { periods: readonly string[]; value: z.ZodType }>;
export type LimitKind = keyof typeof LIMIT_KINDS;
export type LimitPeriod = (typeof LIMIT_KINDS)[LimitKind]['periods'][number];

const KINDS = Object.keys(LIMIT_KINDS) as [LimitKind, ...LimitKind[]];
const PERIODS = Object.values(LIMIT_KINDS).flatMap(
  ({ periods }): readonly LimitPeriod[] => periods,
);

/** The limit that refused a Run, as the answer has it. */
export const reachedLimitSchema = z.strictObject({
  kind: z.enum(KINDS),
  level: z.enum(LIMIT_LEVELS),
  /** The project's id or the end user's name; empty for the organisation. */
  subject: z.string(),
  period: z.enum(PERIODS as [LimitPeriod, ...LimitPeriod[]]),
  /** Dollars, or a count. */
  value: z.union([usd, wholeNumber]),
  used: z.union([usd, wholeNumber]),
  /** When the period ends, in unix seconds; "0" if it has no end. */
  resetsat: wholeNumber,
});

export type ReachedLimit = z.infer<typeof reachedLimitSchema>;
