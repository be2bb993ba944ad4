import type { Db } from '@runfleet/db';
import { RunfleetError } from '@runfleet/protocol';
import { WEIGHT_MAX, WEIGHT_MIN } from '@runfleet/scheduler';

import { readTenant, type Tenant } from './list-tenants.ts';

const RUNNING_LIMIT_MAX = 1_000_000;

/** An organisation's share of a busy fleet. Omitted fields keep their values. */
export type Share = {
  /** Relative to other organisations: twice the weight gets twice the slot-seconds. */
  weight?: number | undefined;
  /** Tasks that may run at once; the others wait. Null means no limit. */
  runningLimit?: number | null | undefined;
};

/**
 * Changes an organisation's share; brokers apply it within about a second. Throws
 * `invalid_request` with the reason.
 */
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
