import { askRedis } from './ask-redis.ts';
import type { LocalServer } from './local-server.ts';
import { parseServerUrl, withoutPassword } from './server-url.ts';

/** The server at the URL, if it is a Redis 7.0 or newer that never evicts a key. */
export async function checkRedis(url: string): Promise<LocalServer> {
  const parsed = parseServerUrl(url, ['redis:', 'rediss:'], 'REDIS_URL');
  const shown = withoutPassword(parsed);
  const info = await askRedis(parsed, ['INFO']).catch((cause: Error) => {
    throw new Error(
      `No Redis answers at ${shown} (${cause.message}). Start it, or mend REDIS_URL, or leave it ` +
        'out to have one started.',
      { cause },
    );
  });

  const version = infoField(info, 'redis_version') ?? 'of unknown version';
  if (!isRedisFit(version)) {
    throw new Error(
      `The server at ${shown} is Redis ${version}; 7.0 or newer is needed. ` +
        'Upgrade it, or mend REDIS_URL, or leave it out to have one started.',
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
    how: `Redis ${version} at ${shown}, as given`,
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Whether we can work with that version. Valkey tells the Redis version that it stands for. */
export function isRedisFit(version: string): boolean {
  return Number.parseInt(version, 10) >= 7;
}

function infoField(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}
