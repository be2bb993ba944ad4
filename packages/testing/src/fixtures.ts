import { Redis } from 'ioredis';
import { inject, test as base } from 'vitest';

import { claimRedisDatabase, releaseRedisDatabase } from './claim-redis-database.ts';
import {
  connectAdmin,
  copyStrategy,
  createTestDatabase,
  dropTestDatabase,
  migratedTemplate,
} from './test-database.ts';
import './provided.ts';

type Migrate = (url: string) => Promise<void>;
type Cleanup = { onCleanup: (cleanup: () => Promise<void> | void) => void };

/**
 * A test with its own migrated Postgres database: `test('…', async ({ databaseUrl }) => …)`.
 *
 * `migrate` runs once per run and `key`, into a template. Each test gets a copy of it, so tests do
 * not see each other's rows and may run at once.
 */
export function testWithPostgres(key: string, migrate: Migrate) {
  return base
    .extend('postgresAdmin', { scope: 'worker' }, async ({}, { onCleanup }) => {
      const admin = connectAdmin(inject('postgresUrl'));
      onCleanup(() => admin.end());
      return admin;
    })
    .extend('postgresTemplate', { scope: 'file' }, async ({ postgresAdmin }) => ({
      template: await migratedTemplate(
        postgresAdmin,
        { serverUrl: inject('postgresUrl'), runId: inject('runId'), key },
        migrate,
      ),
      strategy: await copyStrategy(postgresAdmin),
    }))
    .extend('databaseUrl', async ({ postgresAdmin, postgresTemplate }, { onCleanup }) => {
      const { name, url } = await createTestDatabase(postgresAdmin, {
        serverUrl: inject('postgresUrl'),
        runId: inject('runId'),
        ...postgresTemplate,
      });
      onCleanup(() => dropTestDatabase(postgresAdmin, name));
      return url;
    });
}

/**
 * A test with its own empty Redis database: `test('…', async ({ redisUrl }) => …)`.
 *
 * Pub/sub channels span all databases of a server: use unique names.
 */
export const testWithRedis = base
  .extend('redisAdmin', { scope: 'worker' }, redisAdmin)
  .extend('redisUrl', redisUrl);

/** A test with its own Postgres and Redis databases. */
export function testWithServers(key: string, migrate: Migrate) {
  return testWithPostgres(key, migrate)
    .extend('redisAdmin', { scope: 'worker' }, redisAdmin)
    .extend('redisUrl', redisUrl);
}

async function redisAdmin({}, { onCleanup }: Cleanup): Promise<Redis> {
  const redis = new Redis(inject('redisUrl'));
  onCleanup(async () => void (await redis.quit()));
  return redis;
}

async function redisUrl(
  { redisAdmin: redis }: { redisAdmin: Redis },
  { onCleanup }: Cleanup,
): Promise<string> {
  const index = await claimRedisDatabase(redis, inject('runId'));
  onCleanup(() => releaseRedisDatabase(redis, index));
  const url = new URL(inject('redisUrl'));
  url.pathname = `/${index}`;
  return url.href;
}
