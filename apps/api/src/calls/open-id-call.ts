import { isBlank } from '@runfleet/catalog';
import { MESSAGES, RunfleetError } from '@runfleet/protocol';

import type { ApiContext, ApiRequest } from '../api-context.ts';
import { openTaskCall } from './open-task-call.ts';

/** The start of a call about one callback, endpoint or export of a project: the project and its id. */
export async function openIdCall(
  ctx: ApiContext,
  c: ApiRequest,
): Promise<{ projectId: string; id: string }> {
  const { projectId, body } = await openTaskCall(ctx, c);
  const id = body['id'];
  if (isBlank(id)) throw new RunfleetError('invalid_request', MESSAGES.parameterRequired('id'));
  // What is not a text is the id of nothing.
  return { projectId, id: typeof id === 'string' ? id.toLowerCase() : '' };
}
