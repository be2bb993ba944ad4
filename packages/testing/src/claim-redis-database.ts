import type { Redis } from 'ioredis';

const WAIT_MS = 20_000;
const RETRY_MS = 50;
// Longer than any test, so that only claims of crashed runs expire.
const CLAIM_S = 900;
// For a server that does not report `databases`.
const DATABASES_DEFAULT = 16;

const claimKey = (index: number) => `runfleet-testing:claim:${index}`;
const usedKey = (index: number) => `runfleet-testing:used:${index}`;

// Database 0 holds the claims. A database with keys that no test of ours wrote is not used. `used`
// outlives a claim, so that keys of a crashed run are recognised.
const CLAIM = `
local first, databases = tonumber(ARGV[1]), tonumber(ARGV[2])
for step = 0, databases - 2 do
  local index = 1 + (first + step) % (databases - 1)
  local claim, used = 'runfleet-testing:claim:' .. index, 'runfleet-testing:used:' .. index
  if redis.call('exists', claim) == 0 then
    redis.call('select', index)
    local size = redis.call('dbsize')
    redis.call('select', 0)
    if size == 0 or redis.call('exists', used) == 1 then
      redis.call('set', claim, ARGV[3], 'EX', ARGV[4])
      redis.call('set', used, ARGV[3])
      redis.call('select', index)
      redis.call('flushdb')
      redis.call('select', 0)
      return index
    end
  end
end
return 0`;

/** Claims an empty database of that Redis (its index, from 1) until it is released. */
export async function claimRedisDatabase(redis: Redis, runId: string): Promise<number> {
  const databases = await databasesOf(redis);
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const first = Math.floor(Math.random() * databases);
    const index = Number(await redis.eval(CLAIM, 0, first, databases, runId, CLAIM_S));
    if (index > 0) return index;
    if (Date.now() > deadline) {
      throw new Error(
        `All ${databases} databases of the Redis for tests are taken. Run fewer tests at once, or ` +
          'set TEST_REDIS_URL to a server with more databases.',
      );
    }
    // There is no notification of a freed database.
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Empties the database and releases it. */
export async function releaseRedisDatabase(redis: Redis, index: number): Promise<void> {
  await redis.multi().select(index).flushdb().select(0).del(claimKey(index), usedKey(index)).exec();
}

async function databasesOf(redis: Redis): Promise<number> {
  try {
    const [, count] = (await redis.config('GET', 'databases')) as string[];
    return Number(count ?? DATABASES_DEFAULT);
  } catch {
    // A hosted Redis may forbid CONFIG.
    return DATABASES_DEFAULT;
  }
}
