import { z } from 'zod';

import { SUCCESS } from './envelope.ts';
import { decimalId } from './scalars.ts';

/** An organisation's share of the fleet, as operators set it. */
const tenantSchema = z.strictObject({
  id: decimalId,
  name: z.string(),
  weight: z.number(),
  /** Null where it may use every slot. */
  runningLimit: z.number().int().nullable(),
  /** The projects that are not revoked, oldest first. */
  projects: z.array(
    z.strictObject({
      id: decimalId,
      name: z.string(),
      /** What happens to a Run at the limit of active tasks. */
      overflow: z.enum(['reject', 'queue']),
    }),
  ),
});

/** The answer of a call that changes a tenant or one of its projects. */
export const tenantAnswerSchema = z.strictObject({ ...SUCCESS, tenant: tenantSchema });

export type TenantAnswer = z.infer<typeof tenantAnswerSchema>;

const fleetTenantSchema = z.strictObject({
  ...tenantSchema.shape,
  /** Within the window. */
  slotSeconds: z.number(),
  running: z.number().int(),
  /** How many of its tasks are queued; null while Redis cannot be reached. */
  waiting: z.number().int().nullable(),
});

export type FleetTenant = z.infer<typeof fleetTenantSchema>;

/** `GET /admin/v1/tenants`: which organisations use the fleet, and how much. */
export const fleetTenantsSchema = z.strictObject({
  windowSeconds: z.number(),
  tenants: z.array(fleetTenantSchema),
});

export type FleetTenants = z.infer<typeof fleetTenantsSchema>;
