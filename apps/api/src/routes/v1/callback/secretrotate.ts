import { OVERLAP_SECONDS_MAX, rotateCallbackSecret } from '@runfleet/callbacks';
import { isBlank, numberOf } from '@runfleet/catalog';
import {
  type CallbackSecretAnswer,
  callbackSecretAnswerSchema,
  MESSAGES,
  RunfleetError,
} from '@runfleet/protocol';

import { openTaskCall } from '../../../calls/open-task-call.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';

const OVERLAP_SECONDS_DEFAULT = 24 * 60 * 60;

/** Gives the caller's project a new secret for its callbacks. It is not shown again. */
export const callbackSecretRotateRoute: Route = {
  call: 'POST /v1/callback/secretrotate',
  answer: callbackSecretAnswerSchema,
  open: (ctx) => async (c) => {
    const { projectId, body } = await openTaskCall(ctx, c);
    const overlapSeconds = readOverlap(body['overlapseconds']);
    const secret = await rotateCallbackSecret(ctx, { projectId, overlapSeconds });
    return answerJson<CallbackSecretAnswer>(c, { errors: [], secret, result: true });
  },
};

function readOverlap(given: unknown): number {
  if (isBlank(given)) return OVERLAP_SECONDS_DEFAULT;
  const seconds = numberOf(given);
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= OVERLAP_SECONDS_MAX) return seconds;
  throw new RunfleetError(
    'invalid_request',
    MESSAGES.parameterOutOfRange('overlapseconds', 0, OVERLAP_SECONDS_MAX),
  );
}
