import type { Db } from '@runfleet/db';
import { RunfleetError } from '@runfleet/protocol';
import { WEIGHT_MAX, WEIGHT_MIN } from '@runfleet/scheduler';

import { readTenant, type Tenant } from './list-tenants.ts';

const RUNNING_LIMIT_MAX = 1_000_000;

/** What of a busy fleet is an organisation's. What is left out stays as it is. */
export type Share = {
  /** Relative to others': twice the weight gets twice the slot-seconds. */
  weight?: number | undefined;
  /** Tasks that may run at once, the rest waits; null for as many as there are slots. */
  runningLimit?: number | null | undefined;
};

/** Changes an organisation's share, which brokers see within a second or so. Throws `invalid_request` that says what is wrong. */
export async function setShare(
  ctx: { db: Db },
  organisationId: string,
  { weight, runningLimit }: Share,
): Promise<Tenant> {
  if (weight !== undefined && !(weight >= WEIGHT_MIN && weight <= WEIGHT_MAX)) {
    throw invalid(`[weight] must be between ${WEIGHT_MIN} and ${WEIGHT_MAX}`);
  }
  if (runningLimit !== undefined && runningLimit !== null && !isLimit(runningLimit)) {
    throw invalid(`[runningLimit] must be an integer from 1 to ${RUNNING_LIMIT_MAX}, or null`);
  }
  const { id } = await readTenant(ctx, organisationId);
  const { sql } = ctx.db;
  await sql`
    update organisations set
      weight = ${weight ?? sql`weight`},
      running_limit = ${runningLimit === undefined ? sql`running_limit` : runningLimit}
    where id = ${id}`;
  return readTenant(ctx, id);
}

function isLimit(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= RUNNING_LIMIT_MAX;
}

function invalid(problem: string): RunfleetError {
  return new RunfleetError('invalid_request', `Request parameter ${problem}`);
}
