import { randomBytes } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { keepLoopbackDirect, makeTemporaryFolder } from '@runfleet/local-servers';
import type { TestProject } from 'vitest/node';

import { bringServers } from './bring-servers.ts';
import { dropRunDatabases } from './test-database.ts';
import './provided.ts';

/** Vitest's global setup: a Postgres and a Redis for the whole run, stopped when it ends. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  keepLoopbackDirect(process.env);
  const runId = randomBytes(4).toString('hex');
  const { postgres, redis } = await bringServers(join(project.config.root, '.runfleet'));
  const runFolder = await makeTemporaryFolder('test');
  // A server that refuses to run as root runs as another user, who must pass through this folder.
  await chmod(runFolder, 0o711);

  project.vitest.logger.log(`Tests use ${postgres.how}; ${redis.how}.`);
  project.provide('postgresUrl', postgres.url);
  project.provide('redisUrl', redis.url);
  project.provide('runId', runId);
  project.provide('runFolder', runFolder);

  return async () => {
    await dropRunDatabases(postgres.url, runId);
    await Promise.all([
      postgres[Symbol.asyncDispose](),
      redis[Symbol.asyncDispose](),
      rm(runFolder, { recursive: true, force: true }),
    ]);
  };
}
