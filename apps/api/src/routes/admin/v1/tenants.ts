import { readTenants, setShare } from '@runfleet/identity';
import {
  RunfleetError,
  tenantAnswerSchema,
  type TenantAnswer,
  fleetTenantsSchema,
  type FleetTenants,
} from '@runfleet/protocol';
import { laneOf } from '@runfleet/scheduler';
import { listLanes, readSlotUse } from '@runfleet/tasks';
import { z } from 'zod';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { answerJson } from '../../../http/answer.ts';
import { requireOperator } from '../../../http/caller.ts';
import { readParameters, SMALL_BODY_BYTES } from '../../../http/read-parameters.ts';
import { Remembered } from '../../../remembered.ts';
import type { Route } from '../../../route.ts';

const WINDOW_SECONDS = 3600;
const TENANTS_MAX = 50;
const LANES_MAX = 20;
const TTL_MS = 3_000;

/**
 * The organisations that use the fleet: those with the most slot-seconds of the last hour (or less, when
 * very many tasks ended) and those with the most waiting tasks, at most 50 of each.
 */
export const tenantsRoute: Route = {
  call: 'GET /admin/v1/tenants',
  answer: fleetTenantsSchema,
  open: listFleetTenants,
};

const shareSchema = z.strictObject({
  weight: z.number().optional(),
  runningLimit: z.number().nullable().optional(),
});

/** Sets `weight`, `runningLimit` or both. Answers with the tenant. */
export const tenantRoute: Route = {
  call: 'POST /admin/v1/tenants/:id',
  answer: tenantAnswerSchema,
  open: changeTenant,
};

function changeTenant(ctx: ApiContext): ApiHandler {
  return async (c) => {
    await requireOperator(ctx, c);
    const share = shareSchema.safeParse(await readParameters(ctx, c, SMALL_BODY_BYTES));
    if (!share.success) {
      throw new RunfleetError(
        'invalid_request',
        'Request body may have [weight], a number, and [runningLimit], an integer or null.',
      );
    }
    const tenant = await setShare(ctx, c.req.param('id') ?? '', share.data);
    return answerJson<TenantAnswer>(c, { errors: [], tenant, result: true });
  };
}

function listFleetTenants(ctx: ApiContext): ApiHandler {
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
  const pools = [...ctx.catalogue.current.pools];
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
