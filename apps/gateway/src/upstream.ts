import { type TaskInfo, taskInfoSchema } from '@runfleet/protocol';

import type { Wish } from './outlet.ts';

export type Upstream =
  | { type: 'task_info'; token: string; wish: Wish }
  | { type: 'refused'; message: 'tasktoken-invalid' | 'task_info-invalid' };

/** Reads a frame from a client. Null for what is not for us: such frames are passed over in silence. */
export function parseUpstream(text: string): Upstream | null {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || !('type' in value)) return null;
  if (value.type !== 'task_info') return null;
  if (!('tasktoken' in value) || typeof value.tasktoken !== 'string') {
    return { type: 'refused', message: 'tasktoken-invalid' };
  }
  const info = taskInfoSchema.safeParse(value);
  if (!info.success) return { type: 'refused', message: 'task_info-invalid' };
  return { type: 'task_info', token: info.data.tasktoken, wish: wishOf(info.data) };
}

/** Whoever asks for any of our extensions gets seq and epoch with every frame. */
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
