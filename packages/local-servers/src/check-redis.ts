import { askRedis } from './ask-redis.ts';
import type { LocalServer } from './local-server.ts';
import { parseServerUrl, withoutPassword } from './server-url.ts';

/** The server at the URL, if it is a Redis 7.0 or newer that does not evict keys. */
export async function checkRedis(url: string): Promise<LocalServer> {
  const parsed = parseServerUrl(url, ['redis:', 'rediss:'], 'REDIS_URL');
  const shown = withoutPassword(parsed);
  const info = await askRedis(parsed, ['INFO']).catch((cause: Error) => {
    throw new Error(
      `No Redis answers at ${shown} (${cause.message}). Start it, or correct REDIS_URL, or ` +
        'unset it to let Runfleet start one.',
      { cause },
    );
  });

  const version = infoField(info, 'redis_version') ?? 'of unknown version';
  if (!isSupportedRedis(version)) {
    throw new Error(
      `The server at ${shown} is Redis ${version}; 7.0 or newer is needed. ` +
        'Upgrade it, or correct REDIS_URL, or unset it to let Runfleet start one.',
    );
  }
  const policy = infoField(info, 'maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    throw new Error(
      `The Redis at ${shown} may evict keys (maxmemory-policy ${policy}), which loses queued work. ` +
        `Set it with: redis-cli -u ${shown} config set maxmemory-policy noeviction`,
    );
  }
  return {
    url,
    how: `Redis ${version} at ${shown}, from REDIS_URL`,
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Whether the version is supported. Valkey reports the Redis version that it is compatible with. */
export function isSupportedRedis(version: string): boolean {
  return Number.parseInt(version, 10) >= 7;
}

function infoField(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}
