/** Real Runs through all roles, with the database settings and poolers that operators use. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { migrateDb, openDb } from '@runfleet/db';
import { HOSTILE_SETTINGS, setDatabase, testWithDb as test } from '@runfleet/db/testing';
import { eventually } from '@runfleet/testing';
import { expect } from 'vitest';

import { findProgram, orSkipped } from './find-program.ts';
import { Fleet, followText, MODEL } from './fleet.ts';
import { PgBouncer, type PoolMode } from './pgbouncer.ts';

const MAIN = fileURLToPath(new URL('../../apps/runfleet/src/main.ts', import.meta.url));
const PGBOUNCER = findProgram('pgbouncer');
const SKIPPED = orSkipped('pgbouncer');
const ENV = { ECHO_TOKEN_DELAY_MS: '20' };
const ROLES = ['api', 'broker', 'gateway', 'worker'] as const;

test('a database with hostile settings serves every verb', async ({
  databaseUrl,
  redisUrl,
  db,
}) => {
  await setDatabase(db, HOSTILE_SETTINGS);
  await using fleet = await Fleet.start({ databaseUrl, redisUrl, env: ENV });
  await useEverything(fleet);
  expect(await examine(databaseUrl)).toEqual([]);
});

test.runIf(PGBOUNCER !== null).for([
  ['session', {}],
  ['transaction', {}],
  ['transaction', { ...HOSTILE_SETTINGS, default_transaction_isolation: 'read committed' }],
] as const)(
  `PgBouncer with %s pooling serves every verb (database set to: %o)${SKIPPED}`,
  async ([mode, settings], { databaseUrl, redisUrl, db }) => {
    await setDatabase(db, settings);
    await using pooler = await PgBouncer.start(PGBOUNCER ?? '', databaseUrl, mode as PoolMode);
    await migrateDb(pooler.url);
    await using fleet = await Fleet.start({ databaseUrl: pooler.url, redisUrl, env: ENV });
    await useEverything(fleet);
    expect(await examine(pooler.url)).toEqual([]);
  },
);

test.runIf(PGBOUNCER !== null)(
  `behind a pooler an unsupported isolation level is refused by name${SKIPPED}`,
  async ({ databaseUrl, db }) => {
    await setDatabase(db, { default_transaction_isolation: 'serializable' });
    await using pooler = await PgBouncer.start(PGBOUNCER ?? '', databaseUrl, 'transaction');
    await expect(openDb(pooler.url)).rejects.toThrow(
      'default_transaction_isolation is serializable',
    );
  },
);

/** Runs, follows, lists, kills and settles tasks, and checks that no log has a failed statement. */
async function useEverything(fleet: Fleet): Promise<void> {
  const client = fleet.client();
  const prompts = Array.from({ length: 12 }, (_, n) => `one two ${n}`);
  const texts = await Promise.all(
    prompts.map(async (prompt) => {
      const { token } = await client.run(MODEL, { prompt });
      return (await followText(client.follow(token, { mode: 'delta' }))).text;
    }),
  );
  expect(texts).toEqual(prompts);

  const { tasks } = await client.list({ limit: 12 });
  expect(tasks).toHaveLength(12);
  for (const task of tasks) {
    expect(Math.abs(Number(task.createtime) * 1000 - Date.now())).toBeLessThan(120_000);
  }
  const { tools } = await client.tools();
  expect(tools.length).toBeGreaterThan(0);
  const { token } = await client.run(MODEL, { prompt: 'never '.repeat(500) });
  await client.kill({ token });
  await client.detail({ token });
  await signIn(fleet);
  await eventually(async () => {
    const rows = await fleet.db.sql`select 1 from tasks where outcome is null`;
    expect(rows).toHaveLength(0);
  });
  for (const role of ROLES) {
    const ready = await fetch(`${fleet[role][0]?.url}/readyz`);
    expect({ role, status: ready.status }).toEqual({ role, status: 200 });
    expect(fleet[role][0]?.output).not.toMatch(/"level":"(error|fatal)"|PostgresError/);
  }
}

/** Signs in to the dashboard, whose session tables an ORM reads. */
async function signIn(fleet: Fleet): Promise<void> {
  const origin = fleet.api[0]?.url ?? '';
  const email = `owner-${fleet.key.organisationId}@example.org`;
  const signedIn = await fetch(`${origin}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ email, password: 'a long password' }),
  });
  expect(signedIn.status).toBe(200);
  const cookie = signedIn.headers
    .getSetCookie()
    .map((text) => text.split(';')[0])
    .join('; ');
  const me = await fetch(`${origin}/api/v1/me`, { headers: { cookie } });
  expect(await me.json()).toMatchObject({ user: { email } });
}

/** The doctor's database checks that are not ok. */
async function examine(databaseUrl: string): Promise<unknown[]> {
  const output = await new Promise<string>((resolve) => {
    const env = { ...process.env, DATABASE_URL: databaseUrl };
    // It exits with 1 if any other check of this machine fails.
    execFile(
      process.execPath,
      ['--import', 'tsx', MAIN, 'doctor', '--json'],
      { env },
      (_, stdout) => resolve(stdout),
    );
  });
  const { checks } = JSON.parse(output) as { checks: { name: string; status: string }[] };
  const ofPostgres = checks.filter(({ name }) => name.startsWith('postgres') || name === 'clock');
  expect(ofPostgres.length).toBeGreaterThan(4);
  return ofPostgres.filter(({ status }) => status !== 'ok');
}
