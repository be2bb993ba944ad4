/** The marks of demo data: people recognise it by the names, `--purge` by the key of the deposit. */
import type { Db } from '@runfleet/db';

export const NAME_PREFIX = 'Demo data: ';
/** No model has this pool, so no broker leads it and no worker takes its tasks. */
export const DEMO_POOL = 'demo-data';
/** `.invalid` is reserved and never exists. */
export const EMAIL_SUFFIX = '@demo-data.invalid';
const DEPOSIT_PREFIX = 'seed-demo:';

export const depositKeyOf = (organisationId: string): string =>
  `${DEPOSIT_PREFIX}${organisationId}`;

/** The organisations of the demo data. Any organisation can have such a name, but not such a deposit. */
export async function findDemoOrganisations(ctx: { db: Pick<Db, 'sql'> }): Promise<string[]> {
  const rows = await ctx.db.sql<{ id: string }[]>`
    select organisation_id as id from transfers
    where starts_with(business_key, ${DEPOSIT_PREFIX}) order by organisation_id`;
  return rows.map(({ id }) => id);
}
