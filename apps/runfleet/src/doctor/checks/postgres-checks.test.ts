import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { testWithDb as test } from '@runfleet/db/testing';
import { createOrganisation, createProject, createUser, openMasterKey } from '@runfleet/identity';
import { describe, expect } from 'vitest';

import { examine } from '../testing.ts';
import { checkClock, judgeDifference } from './clock.ts';
import { checkMasterKey } from './master-key.ts';
import { checkPostgresConnections, judgeConnections } from './postgres-connections.ts';
import { checkPostgresRun } from './postgres-run.ts';
import { checkPostgresSchema } from './postgres-schema.ts';
import { checkPostgres, judgePostgres } from './postgres.ts';

describe('Postgres', () => {
  test('a server that answers is reported with its version', async ({ databaseUrl }) => {
    expect(await examine(checkPostgres, { databaseUrl })).toMatchObject({ status: 'ok' });
    expect(await examine(checkPostgresConnections, { databaseUrl })).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('connections are free'),
    });
  });

  test('a closed port is one problem, reported without the password', async () => {
    const databaseUrl = 'postgres://someone:hidden@127.0.0.1:1/runfleet';
    const finding = await examine(checkPostgres, { databaseUrl });
    expect(finding).toMatchObject({
      status: 'problem',
      found: expect.stringContaining('ECONNREFUSED'),
      next: expect.stringContaining('DATABASE_URL'),
    });
    expect(JSON.stringify(finding)).not.toContain('hidden');
    for (const check of [checkPostgresSchema, checkPostgresConnections, checkClock]) {
      expect(await examine(check, { databaseUrl })).toMatchObject({ status: 'skipped' });
    }
  });

  test('a wrong password is a problem, with the message of Postgres', async ({ databaseUrl }) => {
    const url = new URL(databaseUrl);
    url.password = 'wrong';
    expect(await examine(checkPostgres, { databaseUrl: url.href })).toMatchObject({
      status: 'problem',
      found: expect.stringContaining('password authentication failed'),
    });
  });

  test('a server that accepts and never answers is a problem within 3 s', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    try {
      const begunAt = performance.now();
      const databaseUrl = `postgres://127.0.0.1:${port}/x`;
      expect(await examine(checkPostgres, { databaseUrl })).toMatchObject({ status: 'problem' });
      expect(performance.now() - begunAt).toBeLessThan(3_000);
    } finally {
      server.close();
    }
  });

  test.for([
    ['16.2', 160_002, 'ok'],
    ['14.0', 140_000, 'ok'],
    ['13.14', 130_014, 'problem'],
  ] as const)('version %s is %s', ([version, number, status]) => {
    expect(judgePostgres(version, number).status).toBe(status);
  });

  test('fewer free connections than a role needs are a problem', () => {
    expect(judgeConnections({ allowed: 97, used: 83 }).status).toBe('ok');
    expect(judgeConnections({ allowed: 97, used: 84 })).toMatchObject({
      status: 'problem',
      found: '13 of 97 connections are free; a role opens up to 14',
    });
  });
});

describe('a Run', () => {
  test('reaches its settlement and leaves nothing behind', async ({ databaseUrl, db }) => {
    expect(await examine(checkPostgresRun, { databaseUrl })).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('settled and rolled back'),
    });
    for (const table of [
      'organisations',
      'users',
      'tasks',
      'task_events',
      'workers',
      'transfers',
    ]) {
      expect(await db.sql`select 1 from ${db.sql(table)}`).toHaveLength(0);
    }
  });

  test('that cannot be stored is a problem, with the message of Postgres', async ({
    databaseUrl,
    db,
  }) => {
    await db.sql`alter table tasks add constraint full_disk check (id < 0)`;
    expect(await examine(checkPostgresRun, { databaseUrl })).toMatchObject({
      status: 'problem',
      found: expect.stringContaining('full_disk'),
    });
  });
});

describe('the schema', () => {
  test('of this code is up to date', async ({ databaseUrl }) => {
    expect(await examine(checkPostgresSchema, { databaseUrl })).toMatchObject({ status: 'ok' });
  });

  test('without a migration, or without any, is a problem that names runfleet migrate', async ({
    db,
    databaseUrl,
  }) => {
    await db.sql`delete from drizzle.__drizzle_migrations
      where created_at = (select max(created_at) from drizzle.__drizzle_migrations)`;
    expect(await examine(checkPostgresSchema, { databaseUrl })).toMatchObject({
      status: 'problem',
      found: expect.stringMatching(/lacks 1 of \d+ migrations/),
      next: expect.stringContaining('runfleet migrate'),
    });
    await db.sql`drop schema drizzle cascade`;
    expect(await examine(checkPostgresSchema, { databaseUrl })).toMatchObject({
      status: 'problem',
      found: 'The database has no schema of Runfleet.',
    });
  });

  test('of a later version is reported as newer', async ({ db, databaseUrl }) => {
    await db.sql`
      insert into drizzle.__drizzle_migrations (hash, created_at) values ('later', 9999999999999)`;
    expect(await examine(checkPostgresSchema, { databaseUrl })).toMatchObject({
      status: 'problem',
      found: expect.stringContaining('newer than this Runfleet'),
    });
  });
});

describe('the clock', () => {
  test('that agrees with Postgres is fine, and an hour ahead is a problem', async ({
    databaseUrl,
  }) => {
    expect(await examine(checkClock, { databaseUrl })).toMatchObject({ status: 'ok' });
    const ahead = () => Date.now() + 3_600_000;
    expect(await examine(checkClock, { databaseUrl }, ahead)).toMatchObject({
      status: 'problem',
      found: expect.stringMatching(/^this machine is 3\d{3}\.\d s ahead of Postgres$/),
    });
    expect(judgeDifference(-5_000).found).toContain('behind');
  });
});

describe('the master key', () => {
  test('that opens the secrets is fine; another key, or none, is a problem', async ({
    db,
    databaseUrl,
  }) => {
    const folder = await mkdtemp(join(tmpdir(), 'runfleet-doctor-'));
    try {
      const masterKeyFile = join(folder, 'master.key');
      expect(await examine(checkMasterKey, { databaseUrl, masterKeyFile })).toMatchObject({
        status: 'ok',
        found: `${masterKeyFile} does not exist yet`,
      });

      const masterKey = await openMasterKey({ file: masterKeyFile });
      const { organisationId } = await createOrganisation({ db }, { name: 'One' });
      const { userId: ownerId } = await createUser(
        { db },
        { email: 'one@example.org', name: 'One', password: 'long enough', isOperator: false },
      );
      const project = { organisationId, ownerId, name: 'One', authType: 'signature' } as const;
      await createProject({ db, masterKey }, project);
      expect(await examine(checkMasterKey, { databaseUrl, masterKeyFile })).toMatchObject({
        status: 'ok',
        found: expect.stringContaining('opens the secrets'),
      });

      const other = randomBytes(32).toString('hex');
      expect(await examine(checkMasterKey, { databaseUrl, masterKey: other })).toMatchObject({
        status: 'problem',
        found: expect.stringContaining('does not open'),
      });
      await rm(masterKeyFile);
      expect(await examine(checkMasterKey, { databaseUrl, masterKeyFile })).toMatchObject({
        status: 'problem',
        found: expect.stringContaining('holds secrets'),
      });
      await writeFile(masterKeyFile, 'no key');
      expect(await examine(checkMasterKey, { masterKeyFile })).toMatchObject({
        status: 'problem',
        found: expect.stringContaining('64 hex digits'),
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
