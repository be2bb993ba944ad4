import { cleanSlug, type Model, MODELS, slugOf } from '@runfleet/models';
import { RunfleetError } from '@runfleet/protocol';
import { listTasks } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../api-context.ts';
import { answerJson } from '../http/answer.ts';
import { isBlank } from '../http/is-blank.ts';
import { taskAnswer } from '../wire/task-wire.ts';
import { openTaskCall } from './open-task-call.ts';
import { readPage } from './page-parameters.ts';

/** `POST /v1/Task/List`: the caller's organisation's tasks, the newest first unless asked otherwise. */
export function listOwnTasks(ctx: ApiContext): ApiHandler {
  const { apiUrl } = ctx.settings;
  return async (c) => {
    const { organisationId, body } = await openTaskCall(ctx, c);
    requireOneOf(body, 'type', ['model']);
    requireOneOf(body, 'sort', ['id', 'time']);
    const page = readPage(body, 'DESC');
    const name = body['modelName'];
    if (isBlank(name)) {
      const { tasks, total } = await listTasks(ctx, { organisationId, ...page });
      return answerJson(c, taskAnswer(tasks, apiUrl, total));
    }
    const model = typeof name === 'string' ? findByName(name) : undefined;
    if (!model) return answerJson(c, taskAnswer([], apiUrl));
    const { tasks, total } = await listTasks(ctx, { organisationId, modelId: model.id, ...page });
    return answerJson(c, taskAnswer(tasks, apiUrl, total));
  };
}

/** By `owner/name` or by the name alone. */
function findByName(name: string): Model | undefined {
  const wanted = cleanSlug(name);
  return MODELS.find(
    (model) => cleanSlug(slugOf(model)) === wanted || cleanSlug(model.name) === wanted,
  );
}

/** There is one kind of task and one order so far; asking for another must not look as if it was done. */
function requireOneOf(
  body: Readonly<Record<string, unknown>>,
  name: string,
  values: readonly string[],
): void {
  const given = body[name];
  if (isBlank(given)) return;
  if (typeof given === 'string' && values.includes(given.toLowerCase())) return;
  throw new RunfleetError(
    'invalid_request',
    `Request parameter [${name}] must be ${values.join(' or ')}`,
  );
}
