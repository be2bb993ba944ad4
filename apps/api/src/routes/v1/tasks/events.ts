import { RunfleetError, TASK_ID_PATTERN } from '@runfleet/protocol';

import type { ApiHandler, ApiSettings } from '../../../api-context.ts';
import { answerHeaders } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';

/**
 * Sends a client to the gateway, which serves the events of tasks. Where api and gateway have one origin,
 * a proxy routes between them: a redirect would lead back here.
 */
export const taskEventsRoute: Route = {
  call: 'GET /v1/tasks/:id/events',
  answer: null,
  open: redirectToGateway,
};

function redirectToGateway(ctx: { settings: ApiSettings }): ApiHandler {
  const gateway = new URL(ctx.settings.socketUrl);
  gateway.protocol = gateway.protocol === 'wss:' ? 'https:' : 'http:';
  const isOwnOrigin = gateway.origin === new URL(ctx.settings.apiUrl).origin;
  const base = gateway.href.replace(/\/$/, '');
  return (c) => {
    const id = c.req.param('id') ?? '';
    if (isOwnOrigin || !TASK_ID_PATTERN.test(id)) {
      throw new RunfleetError(
        'path_not_found',
        'The gateway serves the events of tasks, not the API.',
      );
    }
    const { search } = new URL(c.req.url);
    const location = `${base}/tasks/${id}/events${search}`;
    const headers = answerHeaders(c, 'text/plain; charset=utf-8', { location });
    return new Response('', { status: 307, headers });
  };
}
