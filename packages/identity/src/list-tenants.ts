import { type Db, schema } from '@runfleet/db';
import { RunfleetError, TASK_ID_PATTERN } from '@runfleet/protocol';

/** What happens to a Run at the limit of active tasks: refused or queued. */
export const OVERFLOWS = schema.projects.overflow.enumValues;
export type Overflow = (typeof OVERFLOWS)[number];

/** An organisation as operators see it. */
export type Tenant = {
  id: string;
  name: string;
  weight: number;
  /** Null means no limit but the number of slots. */
  runningLimit: number | null;
  /** Projects that are not revoked, oldest first. */
  projects: { id: string; name: string; overflow: Overflow }[];
};

/** At most `limit` organisations by id, from after the id `after`. */
export async function listTenants(
  ctx: { db: Db },
  page: { after: string | null; limit: number },
): Promise<Tenant[]> {
  const { sql } = ctx.db;
  return sql<Tenant[]>`
    ${selectTenants(sql)} where o.id > ${page.after ?? '0'} order by o.id limit ${page.limit}`;
}

/** The organisations of `ids` that exist, by id. */
export async function readTenants(
  ctx: { db: Db },
  ids: readonly string[],
): Promise<Map<string, Tenant>> {
  const { sql } = ctx.db;
  const tenants = await sql<Tenant[]>`${selectTenants(sql)} where o.id = any(${ids})`;
  return new Map(tenants.map((tenant) => [tenant.id, tenant]));
}

/** Throws `invalid_request` if there is no such organisation. */
export async function readTenant(ctx: { db: Db }, id: string): Promise<Tenant> {
  const tenant = TASK_ID_PATTERN.test(id) ? (await readTenants(ctx, [id])).get(id) : undefined;
  if (!tenant) throw new RunfleetError('invalid_request', `There is no organisation ${id}.`);
  return tenant;
}

function selectTenants(sql: Db['sql']) {
  return sql`
    select o.id, o.name, o.weight, o.running_limit as "runningLimit", coalesce((
      select json_agg(json_build_object('id', p.id::text, 'name', p.name, 'overflow', p.overflow)
        order by p.id)
      from projects p where p.organisation_id = o.id and p.revoked_at is null
    ), '[]') as projects
    from organisations o`;
}
