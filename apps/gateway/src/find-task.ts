import { setTimeout as pause } from 'node:timers/promises';

import { TASK_TOKEN_PATTERN } from '@runfleet/protocol';

import type { FollowedTask } from './render-frame.ts';

/** The id of the task with this token, or null. Rejects while Postgres is unavailable. */
export type TaskIdReader = (token: string) => Promise<string | null>;

const ATTEMPTS_MAX = 6;
const RETRY_MS = 100;

/**
 * The task with this token, or null. Retries for about 3 s while Postgres is unavailable, then rejects;
 * rejects on abort.
 */
export async function findTask(
  readTaskId: TaskIdReader,
  token: string,
  signal: AbortSignal,
): Promise<FollowedTask | null> {
  if (!TASK_TOKEN_PATTERN.test(token)) return null;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const id = await readTaskId(token);
      return id === null ? null : { id, token };
    } catch (error) {
      if (attempt === ATTEMPTS_MAX) throw error;
      await pause(RETRY_MS * 2 ** (attempt - 1), undefined, { signal });
    }
  }
}
