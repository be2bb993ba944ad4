import {
  addEndpoint,
  ENDPOINT_EVENTS,
  type EndpointEvent,
  listEndpoints,
} from '@runfleet/callbacks';
import { isBlank } from '@runfleet/catalog';
import { endpointListAnswerSchema, RunfleetError } from '@runfleet/protocol';

import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readCallbackUrl } from '../../../calls/read-callback-url.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { endpointListAnswer } from '../../../wire/callback-wire.ts';

/** Adds an address that is called for events of the caller's project. Answers with all of them. */
export const callbackEndpointCreateRoute: Route = {
  call: 'POST /v1/callback/endpointcreate',
  answer: endpointListAnswerSchema,
  open: (ctx) => async (c) => {
    const { projectId, body } = await openTaskCall(ctx, c);
    const url = readCallbackUrl(body['url'], 'url', ctx.settings.openNetworks);
    await addEndpoint(ctx, { projectId, url, events: readEvents(body['events']) });
    return answerJson(c, endpointListAnswer(await listEndpoints(ctx, { projectId })));
  },
};

/** All events if none is named. */
function readEvents(given: unknown): EndpointEvent[] {
  if (isBlank(given)) return [...ENDPOINT_EVENTS];
  const named: unknown[] = Array.isArray(given) ? given : [given];
  const events = ENDPOINT_EVENTS.filter((event) => named.includes(event));
  const isKnown = named.every((name) => ENDPOINT_EVENTS.some((event) => event === name));
  if (isKnown && events.length > 0) return events;
  throw new RunfleetError(
    'invalid_request',
    `Request parameter [events] must be a list of ${ENDPOINT_EVENTS.join(', ')}`,
  );
}
