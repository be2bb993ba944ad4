import type { Db } from '@runfleet/db';
import { createProject, type MasterKey, setPassword } from '@runfleet/identity';
import { parseUsd, randomAlphanumeric } from '@runfleet/protocol';

import { createOwnedOrganisation } from '../init/create-owned-organisation.ts';

const ORGANISATION = 'Demo';
const ADMIN_EMAIL = 'admin@runfleet.local';
const GIFT_USD = '1000';

/** In plain text only here: the database holds hashes and sealed secrets. */
export type Credentials = {
  projectId: string;
  apiKey: string;
  apiSecret: string;
  adminEmail: string;
  adminPassword: string;
};

/**
 * Creates a demo organisation with 1,000 USD, an operator and a project. If they exist, `known`
 * credentials are kept as long as they fit this database; lost ones are replaced.
 */
export async function seed(
  ctx: { db: Db; masterKey: MasterKey },
  known: Credentials | null,
): Promise<Credentials> {
  const existing = await findDemo(ctx.db);
  const admin = existing ?? (await createDemo(ctx.db));
  const { organisationId, userId: ownerId } = admin;
  if (existing && known && (await isProjectOf(ctx.db, organisationId, known))) {
    return known;
  }
  const adminPassword = randomAlphanumeric(20);
  await setPassword(ctx, { userId: ownerId, password: adminPassword });
  const { projectId, apiKey, apiSecret } = await createProject(ctx, {
    organisationId,
    ownerId,
    name: 'Demo project',
    authType: 'signature',
  });
  return { projectId, apiKey, apiSecret: apiSecret ?? '', adminEmail: ADMIN_EMAIL, adminPassword };
}

type Demo = { organisationId: string; userId: string };

async function findDemo(db: Db): Promise<Demo | null> {
  const [row] = await db.sql<Demo[]>`
    select m.organisation_id as "organisationId", m.user_id as "userId"
    from users u join memberships m on m.user_id = u.id
    where u.email = ${ADMIN_EMAIL} limit 1`;
  return row ?? null;
}

async function createDemo(db: Db): Promise<Demo> {
  const { organisationId, ownerId } = await createOwnedOrganisation(
    { db },
    {
      organisation: ORGANISATION,
      owner: {
        email: ADMIN_EMAIL,
        name: 'Admin',
        password: randomAlphanumeric(20),
        isOperator: true,
      },
      deposited: parseUsd(GIFT_USD),
    },
  );
  return { organisationId, userId: ownerId };
}

async function isProjectOf(db: Db, organisationId: string, known: Credentials): Promise<boolean> {
  const rows = await db.sql`
    select 1 from projects
    where organisation_id = ${organisationId} and id = ${known.projectId} and revoked_at is null
      and key_hint = ${known.apiKey.slice(-4)}`;
  return rows.length > 0;
}
