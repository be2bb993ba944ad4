import type { Db } from '@runfleet/db';

/** Creates a tenant with an empty account. */
export async function createOrganisation(
  ctx: { db: Db },
  organisation: { name: string },
): Promise<{ organisationId: string }> {
  const [row] = await ctx.db.sql<{ organisationId: string }[]>`
    with organisation as (
      insert into organisations (name) values (${organisation.name}) returning id
    )
    insert into accounts (organisation_id) select id from organisation
    returning organisation_id as "organisationId"`;
  if (!row) throw new Error('Postgres returned no organisation.');
  return row;
}
