/**
 * The order in which queued tasks are picked: first in, first out inside a tenant, tenants in
 * turns. A hint in Redis, rebuilt from Postgres whenever its mark is not the expected one.
 *
 * Per pool: `turns` (tenants by their next turn), `q:<tenant>` (task ids in order), `clock` (the
 * last turn given out), `mark` (who filled it). One script per verb, O(log tenants) each.
 */
import type { Redis } from 'ioredis';

import { indexPrefix } from './keys.ts';

/** Input: tenant, task, tenant, task ... Output: how many tasks were new. Idempotent. */
const INSERT = `
local prefix, added = KEYS[1], 0
for i = 1, #ARGV, 2 do
  local tenant, task = ARGV[i], ARGV[i + 1]
  local isNew = redis.call('ZADD', prefix .. 'q:' .. tenant, 'NX', task, task)
  added = added + isNew
  if isNew == 1 and not redis.call('ZSCORE', prefix .. 'turns', tenant) then
    redis.call('ZADD', prefix .. 'turns', redis.call('INCR', prefix .. 'clock'), tenant)
  end
end
return added`;

/** Input: the expected mark, how many. Output: tenant, task, tenant, task ..., or false under another mark. */
const PICK = `
local prefix, picked = KEYS[1], {}
if redis.call('GET', prefix .. 'mark') ~= ARGV[1] then return false end
while #picked < 2 * tonumber(ARGV[2]) do
  local tenant = redis.call('ZRANGE', prefix .. 'turns', 0, 0)[1]
  if not tenant then break end
  local task = redis.call('ZPOPMIN', prefix .. 'q:' .. tenant)[1]
  if task then
    picked[#picked + 1] = tenant
    picked[#picked + 1] = task
    redis.call('ZADD', prefix .. 'turns', redis.call('INCR', prefix .. 'clock'), tenant)
  else
    redis.call('ZREM', prefix .. 'turns', tenant)
  end
end
return picked`;

export type IndexedTask = { organisationId: string; taskId: string };

type Scripts = {
  fairInsert(prefix: string, ...args: string[]): Promise<number>;
  fairPick(prefix: string, mark: string, count: string): Promise<string[] | null>;
};

export class FairIndex {
  readonly #redis: Redis & Scripts;

  constructor(redis: Redis) {
    redis.defineCommand('fairInsert', { numberOfKeys: 1, lua: INSERT });
    redis.defineCommand('fairPick', { numberOfKeys: 1, lua: PICK });
    // defineCommand adds the methods at run time, which its types cannot say.
    this.#redis = redis as Redis & Scripts;
  }

  insert(pool: string, tasks: readonly IndexedTask[]): Promise<number> {
    const args = tasks.flatMap(({ organisationId, taskId }) => [organisationId, taskId]);
    return this.#redis.fairInsert(indexPrefix(pool), ...args);
  }

  /** Takes up to `count` tasks out of the index. Null: the index is not the one that `mark` names. */
  async pick(pool: string, mark: string, count: number): Promise<IndexedTask[] | null> {
    const picked = await this.#redis.fairPick(indexPrefix(pool), mark, String(count));
    if (picked === null) return null;
    const tasks: IndexedTask[] = [];
    for (let i = 0; i + 1 < picked.length; i += 2) {
      tasks.push({ organisationId: picked[i] ?? '', taskId: picked[i + 1] ?? '' });
    }
    return tasks;
  }

  async readMark(pool: string): Promise<string | null> {
    return this.#redis.get(`${indexPrefix(pool)}mark`);
  }

  async writeMark(pool: string, mark: string): Promise<void> {
    await this.#redis.set(`${indexPrefix(pool)}mark`, mark);
  }
}
