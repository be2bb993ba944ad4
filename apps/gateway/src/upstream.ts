import { TASK_TOKEN_PATTERN, type TaskInfo, taskInfoSchema } from '@runfleet/protocol';

import type { Wish } from './outlet.ts';

export type Upstream =
  | { type: 'task_info'; token: string; wish: Wish }
  | { type: 'bad-token' }
  /** Its token is one, and the rest of it is not understood. */
  | { type: 'bad-wish'; token: string };

/** Reads a frame from a client. Null for what is not for us: such frames are passed over in silence. */
export function parseUpstream(text: string): Upstream | null {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || !('type' in value)) return null;
  if (value.type !== 'task_info') return null;
  const token = 'tasktoken' in value ? value.tasktoken : undefined;
  if (typeof token !== 'string' || !TASK_TOKEN_PATTERN.test(token)) return { type: 'bad-token' };
  const info = taskInfoSchema.safeParse(value);
  if (!info.success) return { type: 'bad-wish', token };
  return { type: 'task_info', token: info.data.tasktoken, wish: wishOf(info.data) };
}

/** A client that asks for any of our extensions gets seq and epoch with every frame. */
export function wishOf(info: Pick<TaskInfo, 'mode' | 'after' | 'billing'>): Wish {
  const { mode, after, billing } = info;
  return {
    mode: mode ?? 'cumulative',
    after: after ?? 0,
    billing: billing ?? false,
    isExtended: mode !== undefined || after !== undefined || billing !== undefined,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The wire's rule: a client that sends nonsense keeps its socket.
    return null;
  }
}
