import { testWithDb } from '@runfleet/db/testing';
import { expect } from 'vitest';

import { createOrganisation } from './create-organisation.ts';
import { createProject } from './create-project.ts';
import { createUser } from './create-user.ts';
import { listTenants, readTenants } from './list-tenants.ts';
import { openMasterKey } from './master-key.ts';
import { revokeProject } from './revoke-project.ts';
import { setOverflow } from './set-overflow.ts';
import { setShare } from './set-share.ts';

const test = testWithDb.extend('tenant', async ({ db }) => {
  const masterKey = await openMasterKey({ hex: 'ab'.repeat(32), file: '' });
  const { organisationId } = await createOrganisation({ db }, { name: 'Acme' });
  const person = { email: 'ada@example.org', password: 'correct horse', name: 'Ada' };
  const { userId: ownerId } = await createUser({ db }, { ...person, isOperator: false });
  const addProject = async (name: string) => {
    const project = { organisationId, ownerId, name, authType: 'apikey' } as const;
    return (await createProject({ db, masterKey }, project)).projectId;
  };
  return { organisationId, addProject, projectId: await addProject('Demo') };
});

test('a new tenant has the default share and is refused at its limit', async ({ db, tenant }) => {
  expect(await listTenants({ db }, { after: null, limit: 10 })).toEqual([
    {
      id: tenant.organisationId,
      name: 'Acme',
      weight: 1,
      runningLimit: null,
      projects: [{ id: tenant.projectId, name: 'Demo', overflow: 'reject' }],
    },
  ]);
});

test('a change of a share keeps fields that it does not name', async ({ db, tenant }) => {
  const { organisationId } = tenant;
  expect(await setShare({ db }, organisationId, { weight: 2.5 })).toMatchObject({
    weight: 2.5,
    runningLimit: null,
  });
  expect(await setShare({ db }, organisationId, { runningLimit: 8 })).toMatchObject({
    weight: 2.5,
    runningLimit: 8,
  });
  expect(await setShare({ db }, organisationId, {})).toMatchObject({
    weight: 2.5,
    runningLimit: 8,
  });
  expect(await setShare({ db }, organisationId, { runningLimit: null })).toMatchObject({
    weight: 2.5,
    runningLimit: null,
  });
});

test('an invalid share is refused and changes nothing', async ({ db, tenant }) => {
  const { organisationId, projectId } = tenant;
  const refused: [() => Promise<unknown>, string][] = [
    ...[0, -1, 0.001, 101, NaN, Infinity].map((weight): [() => Promise<unknown>, string] => [
      () => setShare({ db }, organisationId, { weight, runningLimit: 5 }),
      '[weight] must be between 0.01 and 100',
    ]),
    ...[0, -1, 1.5, 1e9, NaN].map((runningLimit): [() => Promise<unknown>, string] => [
      () => setShare({ db }, organisationId, { weight: 5, runningLimit }),
      '[runningLimit] must be an integer from 1 to 1000000, or null',
    ]),
    [() => setOverflow({ db }, projectId, 'drop'), '[overflow] must be reject or queue'],
    [() => setShare({ db }, '999', { weight: 2 }), 'There is no organisation 999.'],
    [() => setShare({ db }, "1'", { weight: 2 }), "There is no organisation 1'."],
    [() => setOverflow({ db }, '999', 'queue'), 'There is no project 999.'],
    [() => setOverflow({ db }, 'x', 'queue'), 'There is no project x.'],
  ];
  for (const [call, message] of refused) await expect(call()).rejects.toThrow(message);
  const tenants = await readTenants({ db }, [organisationId, '999']);
  expect([...tenants.values()]).toMatchObject([
    { weight: 1, runningLimit: null, projects: [{ overflow: 'reject' }] },
  ]);
});

test('overflow belongs to one project and cannot be set on a revoked one', async ({
  db,
  tenant,
}) => {
  const { organisationId, projectId } = tenant;
  const second = await tenant.addProject('Second');
  expect(await setOverflow({ db }, second, 'queue')).toMatchObject({
    id: organisationId,
    projects: [
      { id: projectId, overflow: 'reject' },
      { id: second, overflow: 'queue' },
    ],
  });
  await revokeProject({ db }, { organisationId, projectId: second });
  await expect(setOverflow({ db }, second, 'reject')).rejects.toThrow('There is no project');
  expect(await listTenants({ db }, { after: null, limit: 10 })).toMatchObject([
    { projects: [{ id: projectId }] },
  ]);
});

test('tenants are listed in pages', async ({ db, tenant }) => {
  const second = await createOrganisation({ db }, { name: 'Second' });
  const idsOf = async (after: string | null) =>
    (await listTenants({ db }, { after, limit: 1 })).map(({ id }) => id);
  expect(await idsOf(null)).toEqual([tenant.organisationId]);
  expect(await idsOf(tenant.organisationId)).toEqual([second.organisationId]);
  expect(await idsOf(second.organisationId)).toEqual([]);
});
