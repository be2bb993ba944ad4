import { readAccount } from '@runfleet/billing';
import type { Db } from '@runfleet/db';
import { testWithDb as test } from '@runfleet/db/testing';
import { openSecret } from '@runfleet/identity';
import { parseUsd } from '@runfleet/protocol';
import { expect } from 'vitest';

import { createDeploymentTenant } from './create-deployment-tenant.ts';

const masterKey = { bytes: Buffer.alloc(32, 7) };
const wanted = {
  organisation: 'An organisation',
  email: 'Owner@example.org',
  password: 'a long password',
  deposited: parseUsd('25'),
  isOperator: true,
};

async function rowCounts(db: Db) {
  const [row] = await db.sql`
    select (select count(*) from organisations) as organisations,
      (select count(*) from users) as users, (select count(*) from projects) as projects,
      (select count(*) from transfers) as transfers`;
  return row;
}

test('an owner, an organisation with a balance and a project sealed under the key are created', async ({
  db,
}) => {
  const made = await createDeploymentTenant({ db, masterKey }, wanted);
  const [project] = await db.sql<{ encryptedSecret: Buffer; role: string; isOperator: boolean }[]>`
    select p.encrypted_secret as "encryptedSecret", m.role, u.is_operator as "isOperator"
    from projects p
      join memberships m on m.organisation_id = p.organisation_id and m.user_id = p.owner_id
      join users u on u.id = m.user_id
    where p.id = ${made.projectId} and u.email = 'owner@example.org'`;
  expect(project).toMatchObject({ role: 'owner', isOperator: true });
  const sealed = project?.encryptedSecret ?? Buffer.alloc(0);
  expect(openSecret(masterKey, made.projectId, sealed)).toBe(made.apiSecret);
  expect(await readAccount({ db }, made.organisationId)).toMatchObject({
    balance: parseUsd('25'),
    held: 0n,
  });
});

test('an e-mail that is taken is named and refused, and nothing is written', async ({ db }) => {
  await createDeploymentTenant({ db, masterKey }, wanted);
  const before = await rowCounts(db);
  const again = createDeploymentTenant(
    { db, masterKey },
    { ...wanted, email: 'owner@EXAMPLE.org', organisation: 'Another' },
  );
  await expect(again).rejects.toThrow('A user owner@example.org exists already');
  expect(await rowCounts(db)).toEqual(before);
});

test('a password that is too short leaves nothing behind', async ({ db }) => {
  const short = createDeploymentTenant({ db, masterKey }, { ...wanted, password: 'short' });
  await expect(short).rejects.toThrow('at least 8 characters');
  expect(await rowCounts(db)).toMatchObject({ users: '0', organisations: '0' });
});

test('a master key that does not open existing secrets is refused', async ({ db }) => {
  await createDeploymentTenant({ db, masterKey }, wanted);
  const otherKey = { bytes: Buffer.alloc(32, 8) };
  const other = createDeploymentTenant(
    { db, masterKey: otherKey },
    { ...wanted, email: 'second@example.org' },
  );
  await expect(other).rejects.toThrow('does not open under this master key');
});
