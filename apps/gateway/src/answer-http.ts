import type { IncomingMessage, ServerResponse } from 'node:http';

import { ERRORS, type ErrorKind, MESSAGES, TASK_ID_PATTERN } from '@runfleet/protocol';
import type { Health } from '@runfleet/service';
import { z } from 'zod';

import type { Connections } from './connections.ts';
import { EventStream } from './event-stream.ts';
import { findTask } from './find-task.ts';
import type { GatewayContext } from './gateway-context.ts';
import { requestUrl } from './request-url.ts';
import { wishOf } from './upstream.ts';

const EVENTS_PATH = /^\/v1\/tasks\/([^/]+)\/events$/;

const streamQuery = z.object({
  tasktoken: z.string(),
  mode: z.enum(['cumulative', 'delta']).default('delta'),
  after: z.coerce.number().int().min(0).default(0),
  billing: z.stringbool().default(false),
});

/** Everything that is not a socket: health, metrics and event streams; 404 for the rest. */
export async function answerHttp(
  ctx: GatewayContext,
  surface: { health: Health; connections: Connections },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = requestUrl(request);
  const healthy = await surface.health.respond(url.pathname);
  if (healthy) {
    response.writeHead(healthy.status, { 'content-type': healthy.contentType });
    response.end(healthy.body);
    return;
  }
  const [, taskId] = EVENTS_PATH.exec(url.pathname) ?? [];
  if (taskId !== undefined && request.method === 'GET') {
    return openStream(ctx, surface.connections, { taskId, url }, request, response);
  }
  refuse(response, 'path_not_found', `There is nothing at ${request.method} ${url.pathname}.`);
}

async function openStream(
  ctx: GatewayContext,
  connections: Connections,
  { taskId, url }: { taskId: string; url: URL },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const lastEventId = request.headers['last-event-id'];
  const query = streamQuery.safeParse({
    ...Object.fromEntries(url.searchParams),
    ...(lastEventId === undefined ? {} : { after: lastEventId }),
  });
  if (!query.success) {
    const names = query.error.issues.map(({ path }) => `[${path.join('.')}]`).join(', ');
    return refuse(response, 'invalid_request', `Request parameter ${names} missing or wrong`);
  }
  const { tasktoken, ...wish } = query.data;
  if (connections.isFull) {
    return refuse(response, 'unavailable', 'This gateway is full; try again in a moment.');
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const task = TASK_ID_PATTERN.test(taskId)
    ? await findTask(ctx.readTaskId, tasktoken, gone.signal)
    : null;
  if (gone.signal.aborted) return;
  if (task?.id !== taskId) return refuse(response, 'task_not_found', MESSAGES.tokenInvalid, 404);

  const stream = new EventStream(ctx, response, task, wishOf(wish));
  connections.add(stream);
  response.once('close', () => connections.remove(stream));
  stream.start();
}

/** The API's envelope, with the status of the error's kind unless given. */
export function refuse(
  response: ServerResponse,
  kind: ErrorKind,
  message: string,
  status: number = ERRORS[kind].http,
): void {
  const body = JSON.stringify({ result: false, errors: [{ code: ERRORS[kind].code, message }] });
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body);
}
