import { readTenants } from '@runfleet/identity';
import { MODELS } from '@runfleet/models';
import type { FleetTenants } from '@runfleet/protocol';
import { laneOf } from '@runfleet/scheduler';
import { listLanes, readSlotUse } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../api-context.ts';
import { answerJson } from '../http/answer.ts';
import { requireOperator } from '../http/caller.ts';
import { Remembered } from '../remembered.ts';

const WINDOW_SECONDS = 3600;
const TENANTS_MAX = 50;
const LANES_MAX = 20;
const TTL_MS = 3_000;

/**
 * `GET /admin/v1/tenants`: who has what of the fleet: the organisations with the most slot-seconds of
 * the last hour (or less, where very many tasks ended) and the most waiting tasks, 50 of each at most.
 */
export function listFleetTenants(ctx: ApiContext): ApiHandler {
  const tenants = new Remembered(() => readFleetTenants(ctx), TTL_MS);
  return async (c) => {
    await requireOperator(ctx, c);
    return answerJson(c, await tenants.read());
  };
}

async function readFleetTenants(ctx: ApiContext): Promise<FleetTenants> {
  const [{ windowSeconds, uses }, waiting] = await Promise.all([
    readSlotUse(ctx, { windowSeconds: WINDOW_SECONDS, limit: TENANTS_MAX }),
    readWaiting(ctx),
  ]);
  const useOf = new Map(uses.map((use) => [use.organisationId, use]));
  const tenants = await readTenants(ctx, [
    ...new Set([...useOf.keys(), ...(waiting?.keys() ?? [])]),
  ]);
  const shown = [...tenants.values()]
    .map((tenant) => ({
      ...tenant,
      slotSeconds: useOf.get(tenant.id)?.slotSeconds ?? 0,
      running: useOf.get(tenant.id)?.running ?? 0,
      waiting: waiting && (waiting.get(tenant.id) ?? 0),
    }))
    .toSorted((a, b) => b.slotSeconds - a.slotSeconds || (b.waiting ?? 0) - (a.waiting ?? 0));
  return { windowSeconds, tenants: shown };
}

/** Waiting tasks by organisation, in all lanes of all pools. */
async function readWaiting(ctx: ApiContext): Promise<Map<string, number> | null> {
  const pools = [...new Set(MODELS.map(({ pool }) => pool))];
  const lanes = await Promise.all(
    pools.map(async (pool) => {
      const particular = await listLanes(ctx, { pool, limit: LANES_MAX });
      return [[], ...particular].map((requires) => laneOf(pool, requires));
    }),
  );
  try {
    const loads = await Promise.all(
      lanes.flat().map((lane) => ctx.queue.readShares(lane, TENANTS_MAX)),
    );
    const waiting = new Map<string, number>();
    for (const { organisationId, queued } of loads.flat()) {
      if (queued > 0) waiting.set(organisationId, (waiting.get(organisationId) ?? 0) + queued);
    }
    return waiting;
  } catch (err) {
    ctx.logger.debug({ err }, 'shares cannot be read');
    return null;
  }
}
