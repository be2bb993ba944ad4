import { setTimeout as pause } from 'node:timers/promises';

import { TASK_TOKEN_PATTERN } from '@runfleet/protocol';

import type { FollowedTask } from './render-frame.ts';

/** Which task a token stands for; null for none. Rejects while Postgres is away. */
export type TokenReader = (token: string) => Promise<{ id: string } | null>;

const ATTEMPTS_MAX = 6;
const RETRY_MS = 100;

/**
 * The task of a token, or null. A Postgres that is away for a moment is waited for (about 3 s); after
 * that, and on abort, it rejects.
 */
export async function findTask(
  readToken: TokenReader,
  token: string,
  signal: AbortSignal,
): Promise<FollowedTask | null> {
  if (!TASK_TOKEN_PATTERN.test(token)) return null;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const task = await readToken(token);
      return task && { id: task.id, token };
    } catch (error) {
      if (attempt === ATTEMPTS_MAX) throw error;
      await pause(RETRY_MS * 2 ** (attempt - 1), undefined, { signal });
    }
  }
}
