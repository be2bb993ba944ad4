import { formatMoment, type Transaction } from '@runfleet/db';
import type { Micros } from '@runfleet/protocol';

/** Read in place of the database's clock, for tests that turn it. */
export type Clock = { clock?: () => Micros };

/** The present moment in a statement. */
export function nowIn(sql: Transaction, { clock }: Clock) {
  return clock ? sql`${formatMoment(clock())}::text::timestamptz` : sql`now()`;
}
