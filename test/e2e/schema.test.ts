import { testWithDb as test } from '@runfleet/db/testing';
import { eventually } from '@runfleet/testing';
import { describe, expect } from 'vitest';

import { Fleet } from './fleet.ts';
import { type Role, RoleProcess } from './role-process.ts';

const ROLES: readonly Role[] = ['api', 'broker', 'gateway', 'worker'];
const ALL_GONE = 'drop schema drizzle cascade; drop schema public cascade; create schema public';

describe('a database without the schema', () => {
  test.for(ROLES)(
    '%s does not start and names the command to run',
    async (role, { databaseUrl, redisUrl, db }) => {
      await db.sql.unsafe(ALL_GONE);
      const env = {
        DATABASE_URL: databaseUrl,
        REDIS_URL: redisUrl,
        ENGINE: 'echo',
        MASTER_KEY: 'ab'.repeat(32),
      };
      const started = RoleProcess.start(role, env);
      await expect(started).rejects.toThrow(/exited during its start with 1:[^]*runfleet migrate/);
    },
  );

  test('roles whose schema is dropped are not ready and name the command to run', async ({
    databaseUrl,
    redisUrl,
    db,
  }) => {
    await using fleet = await Fleet.start({ databaseUrl, redisUrl });
    await db.sql.unsafe(ALL_GONE);
    for (const role of ROLES) {
      await eventually(async () => {
        const [started] = fleet[role];
        expect(started?.isRunning ? 'running' : started?.output).toBe('running');
        const answer = await fetch(`${started?.url}/readyz`);
        expect(answer.status).toBe(503);
        expect(await answer.json()).toMatchObject({ next: ['Run: runfleet migrate'] });
      });
    }
  });
});
