import type { Prepared } from '@runfleet/engine';
import { parseChatParameters } from '@runfleet/models';
import type { TaskToRun } from '@runfleet/tasks';

import type { WorkerContext } from '../context.ts';

/** Chat template, tokens, length check. Rejects with the caller's mistake, if there is one. */
export async function preprocess(
  ctx: WorkerContext,
  task: TaskToRun,
): Promise<{ prepared: Prepared; prompt: string }> {
  const request = parseChatParameters(task.parameters, ctx.limits);
  const prepared = await ctx.engine.prepare({ ...request, seed: BigInt(task.seed) });
  return { prepared, prompt: request.messages.at(-1)?.content ?? '' };
}
