import { readChatParameters } from '@runfleet/catalog';
import type { Engine, Prepared } from '@runfleet/engine';
import type { TaskToRun } from '@runfleet/tasks';

import type { WorkerContext } from '../context.ts';

/** Chat template, tokens, length check. Rejects if the caller's input is invalid. */
export async function preprocess(
  ctx: Pick<WorkerContext, 'limits'>,
  run: { task: TaskToRun; engine: Engine },
): Promise<{ prepared: Prepared; prompt: string }> {
  const { task, engine } = run;
  const { maxTokens } = ctx.limits;
  const request = readChatParameters(task.parameters, {
    ...ctx.limits,
    // The limit of the model's version under which the task was accepted, which its hold covers.
    maxTokens: Math.min(maxTokens, task.limits?.outputTokens ?? maxTokens),
  });
  const prepared = await engine.prepare({
    ...request,
    seed: BigInt(task.seed),
    // After the spread: a request must not choose its own cache scope.
    cacheScope: task.organisationId,
  });
  return { prepared, prompt: request.messages.at(-1)?.content ?? '' };
}
