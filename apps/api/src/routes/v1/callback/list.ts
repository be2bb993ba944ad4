import { DELIVERY_STATES, type DeliveryState, listDeliveries } from '@runfleet/callbacks';
import { isBlank } from '@runfleet/catalog';
import {
  type CallbackListAnswer,
  callbackListAnswerSchema,
  RunfleetError,
} from '@runfleet/protocol';
import { readTask } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readPage } from '../../../calls/read-page.ts';
import { readTaskReference } from '../../../calls/read-task-reference.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { callbackWire } from '../../../wire/callback-wire.ts';

/** The callbacks of the caller's project, newest first by default; of one task, if one is named. */
export const callbackListRoute: Route = {
  call: 'POST /v1/callback/list',
  answer: callbackListAnswerSchema,
  open: listOwnCallbacks,
};

function listOwnCallbacks(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const { organisationId, projectId, body } = await openTaskCall(ctx, c);
    const page = readPage(body, 'DESC');
    const state = readState(body['status']);
    const task = namesTask(body)
      ? await readTask(ctx, { organisationId, reference: readTaskReference(body) })
      : null;
    const { total, deliveries } = await listDeliveries(ctx, {
      projectId,
      taskId: task?.id ?? null,
      state,
      ...page,
    });
    return answerJson<CallbackListAnswer>(c, {
      errors: [],
      total: String(total),
      callbacklist: deliveries.map(callbackWire),
      result: true,
    });
  };
}

function namesTask(body: Readonly<Record<string, unknown>>): boolean {
  return ['taskid', 'tasktoken', 'socketaccesstoken'].some((name) => !isBlank(body[name]));
}

function readState(given: unknown): DeliveryState | null {
  if (isBlank(given)) return null;
  const state = DELIVERY_STATES.find((each) => each === given);
  if (state !== undefined) return state;
  throw new RunfleetError(
    'invalid_request',
    `Request parameter [status] must be ${DELIVERY_STATES.join(', ')}`,
  );
}
