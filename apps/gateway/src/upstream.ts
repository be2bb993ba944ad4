import { TASK_TOKEN_PATTERN, type TaskInfo, taskInfoSchema } from '@runfleet/protocol';

import type { SubscriptionOptions } from './subscription-options.ts';

export type Upstream =
  | { type: 'task_info'; token: string; options: SubscriptionOptions }
  | { type: 'bad-token' }
  /** The token is well-formed; another field is not. */
  | { type: 'bad-options'; token: string };

/** Parses a frame from a client. Null for other frames and for invalid JSON: the wire ignores them silently. */
export function parseUpstream(text: string): Upstream | null {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || !('type' in value)) return null;
  if (value.type !== 'task_info') return null;
  const token = 'tasktoken' in value ? value.tasktoken : undefined;
  if (typeof token !== 'string' || !TASK_TOKEN_PATTERN.test(token)) return { type: 'bad-token' };
  const info = taskInfoSchema.safeParse(value);
  if (!info.success) return { type: 'bad-options', token };
  return {
    type: 'task_info',
    token: info.data.tasktoken,
    options: subscriptionOptionsOf(info.data),
  };
}

/** A client that uses any of the extensions gets seq and epoch with every frame. */
export function subscriptionOptionsOf(
  info: Pick<TaskInfo, 'mode' | 'after' | 'billing'>,
): SubscriptionOptions {
  const { mode, after, billing } = info;
  return {
    mode: mode ?? 'cumulative',
    after: after ?? 0,
    billing: billing ?? false,
    repeatsEnd: true,
    isExtended: mode !== undefined || after !== undefined || billing !== undefined,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // By contract a client that sends nonsense keeps its socket.
    return null;
  }
}
