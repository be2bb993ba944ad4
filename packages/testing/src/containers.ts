import type { LocalServer } from '@runfleet/local-servers';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { RedisContainer } from '@testcontainers/redis';
import { getContainerRuntimeClient } from 'testcontainers';

const POSTGRES_IMAGE = 'postgres:17-alpine';
const REDIS_IMAGE = 'redis:7.4-alpine';

/** A Postgres in a container, removed on disposal; undefined without a Docker engine. */
export async function startPostgresContainer(): Promise<LocalServer | undefined> {
  if (!(await engineAnswers())) return undefined;
  const container = await new PostgreSqlContainer(POSTGRES_IMAGE)
    .withCommand(['postgres', '-c', 'max_connections=200', '-c', 'fsync=off'])
    .start();
  return {
    url: container.getConnectionUri(),
    how: `PostgreSQL in a container of ${POSTGRES_IMAGE}`,
    [Symbol.asyncDispose]: async () => void (await container.stop()),
  };
}

/** A Redis in a container, removed on disposal; undefined without a Docker engine. */
export async function startRedisContainer(): Promise<LocalServer | undefined> {
  if (!(await engineAnswers())) return undefined;
  const container = await new RedisContainer(REDIS_IMAGE)
    .withCommand(['redis-server', '--databases', '1024', '--save', ''])
    .start();
  return {
    url: container.getConnectionUrl(),
    how: `Redis in a container of ${REDIS_IMAGE}`,
    [Symbol.asyncDispose]: async () => void (await container.stop()),
  };
}

async function engineAnswers(): Promise<boolean> {
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
}
