import type { Engine, Prepared } from '@runfleet/engine';
import { readChatParameters } from '@runfleet/models';
import type { TaskToRun } from '@runfleet/tasks';

import type { WorkerContext } from '../context.ts';

/** Chat template, tokens, length check. Rejects with the caller's mistake, if there is one. */
export async function preprocess(
  ctx: Pick<WorkerContext, 'limits'>,
  run: { task: TaskToRun; engine: Engine },
): Promise<{ prepared: Prepared; prompt: string }> {
  const { task, engine } = run;
  const request = readChatParameters(task.parameters, ctx.limits);
  const prepared = await engine.prepare({
    ...request,
    seed: BigInt(task.seed),
    // Behind the caller's words: a tenant's cache is no matter of what is asked for.
    cacheScope: task.organisationId,
  });
  return { prepared, prompt: request.messages.at(-1)?.content ?? '' };
}
