/** How demo data is told from everything else: by people from the names, by `--purge` from the deposit's key. */
import type { Db } from '@runfleet/db';

export const NAME_PREFIX = 'Demo data: ';
/** No model has this pool, so no broker leads it and no worker takes its tasks. */
export const DEMO_POOL = 'demo-data';
/** A top-level domain that never exists. */
export const EMAIL_SUFFIX = '@demo-data.invalid';
const DEPOSIT_PREFIX = 'seed-demo:';

export const depositKeyOf = (organisationId: string): string =>
  `${DEPOSIT_PREFIX}${organisationId}`;

/** Organisations that the seeding made. A name can be given to any organisation, a deposit's key cannot. */
export async function findDemoOrganisations(ctx: { db: Pick<Db, 'sql'> }): Promise<string[]> {
  const rows = await ctx.db.sql<{ id: string }[]>`
    select organisation_id as id from transfers
    where starts_with(business_key, ${DEPOSIT_PREFIX}) order by organisation_id`;
  return rows.map(({ id }) => id);
}
