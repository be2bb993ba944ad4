import { RunfleetError, TASK_ID_PATTERN } from '@runfleet/protocol';

import type { ApiHandler, ApiSettings } from '../api-context.ts';
import { answerHeaders } from '../http/answer.ts';

/**
 * `GET /v1/tasks/{id}/events`: the gateway serves it, so a client that asks here is sent there. Where
 * both have one origin a proxy decides, and a request that it sends here would only come back.
 */
export function followTask(ctx: { settings: ApiSettings }): ApiHandler {
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
