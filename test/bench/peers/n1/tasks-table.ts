import postgres from 'postgres';

import type { Frame } from '../wire/frame.ts';
import { environment } from '../wire/peer-environment.ts';

export const sql = postgres(environment.DATABASE_URL, { max: 10, onnotice: () => {} });

/** A task's job in BullMQ. */
export type Job = { id: string; token: string; prompt: string };

/** All frames that N1 sends to a client. */
export function framesOf(task: { id: string; token: string; output: string; outputs: unknown }) {
  const common = { id: task.id, tasktoken: task.token, result: true } as const;
  return [
    { type: 'task_output', ...common, message: { type: 'delta', raw: task.output }, seq: 1 },
    { type: 'task_postprocess_end', ...common, message: task.outputs, seq: 2 },
  ] satisfies Frame[];
}
