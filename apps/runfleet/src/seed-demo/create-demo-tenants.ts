import { randomBytes } from 'node:crypto';

import { type Db, formatMoment } from '@runfleet/db';
import { formatUsd, type Micros, parseUsd } from '@runfleet/protocol';

import { createOwnedOrganisation } from '../init/create-owned-organisation.ts';
import { depositKeyOf, EMAIL_SUFFIX, NAME_PREFIX } from './demo-marks.ts';

/** `share` is the organisation's part of all tasks. More than 250 USD allow any number of tasks at once. */
const TENANTS = [
  { name: 'Northern Library', slug: 'northern-library', usd: '1000', share: 0.55 },
  { name: 'Harbour Analytics', slug: 'harbour-analytics', usd: '500', share: 0.3 },
  { name: 'Small Workshop', slug: 'small-workshop', usd: '300', share: 0.15 },
] as const;

export type DemoTenant = {
  organisationId: string;
  projectId: string;
  ownerId: string;
  email: string;
  share: number;
};

/** Creates organisations whose owners can sign in with `password`, each with a project without a key. */
export async function createDemoTenants(
  ctx: { db: Db },
  wanted: { password: string; since: Micros },
): Promise<DemoTenant[]> {
  const tenants: DemoTenant[] = [];
  for (const { name, slug, usd, share } of TENANTS) {
    const email = `${slug}${EMAIL_SUFFIX}`;
    const { organisationId, ownerId } = await createOwnedOrganisation(ctx, {
      organisation: `${NAME_PREFIX}${name}`,
      owner: {
        email,
        name: `${NAME_PREFIX}owner of ${name}`,
        password: wanted.password,
        isOperator: false,
      },
      deposited: 0n,
    });
    const projectId = await createKeylessProject(ctx, { organisationId, ownerId });
    await depositThen(ctx, { organisationId, usd, at: wanted.since });
    tenants.push({ organisationId, projectId, ownerId, email, share });
  }
  return tenants;
}

async function createKeylessProject(
  ctx: { db: Db },
  owned: { organisationId: string; ownerId: string },
): Promise<string> {
  const [project] = await ctx.db.sql<{ id: string }[]>`
    insert into projects (organisation_id, owner_id, name, auth_type, key_hash, key_hint)
    values (${owned.organisationId}, ${owned.ownerId}, ${`${NAME_PREFIX}project`}, 'apikey',
      ${randomBytes(32)}, 'none')
    returning id`;
  if (!project) throw new Error('Postgres returned no project.');
  return project.id;
}

/** Deposits money with a date before the first task. */
async function depositThen(
  ctx: { db: Db },
  input: { organisationId: string; usd: string; at: Micros },
): Promise<void> {
  const { organisationId } = input;
  const amount = formatUsd(parseUsd(input.usd));
  const at = formatMoment(input.at);
  await ctx.db.sql`
    with moved as (
      insert into transfers (business_key, organisation_id, debit, credit, amount, at)
      values (${depositKeyOf(organisationId)}, ${organisationId}, 'deposits',
        ${`customer:${organisationId}`}, ${amount}, ${at}::text::timestamptz)
    ), dated as (
      update organisations set created_at = ${at}::text::timestamptz where id = ${organisationId}
    )
    update accounts set balance = balance + ${amount} where organisation_id = ${organisationId}`;
}
