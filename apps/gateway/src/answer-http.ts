import type { IncomingMessage, ServerResponse } from 'node:http';

import { type Health, type TrustedProxies } from '@runfleet/service';

import type { GatewayContext } from './gateway-context.ts';
import { openStream } from './open-stream.ts';
import { refuse } from './refuse.ts';
import { requestUrl } from './request-url.ts';
import { requesterOf } from './requester.ts';

const EVENTS_PATH = /^\/v1\/tasks\/([^/]+)\/events\/?$/i;

/** Answers plain HTTP: health, metrics and event streams; 404 for everything else. */
export async function answerHttp(
  ctx: GatewayContext,
  surface: { health: Health; proxies: TrustedProxies },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = requestUrl(request);
  const requester = requesterOf(request, surface.proxies);
  const [, taskId] = EVENTS_PATH.exec(url.pathname) ?? [];
  if (taskId !== undefined && request.method === 'GET') {
    return openStream(ctx, { taskId, url, ...requester }, request, response);
  }
  if (taskId !== undefined && request.method === 'OPTIONS') return allowOrigins(response);

  // Liveness probes are exempt: other clients of the same address must not make them fail.
  const waitMs = url.pathname === '/healthz' ? 0 : ctx.requests.take(requester.address);
  if (waitMs > 0) {
    return refuse(response, 'rate_limited', 'Too many requests from your address.', { waitMs });
  }
  const healthy = await surface.health.respond(url.pathname);
  if (healthy) {
    response.writeHead(healthy.status, { 'content-type': healthy.contentType });
    response.end(healthy.body);
    return;
  }
  refuse(response, 'path_not_found', `There is nothing at ${request.method} ${url.pathname}.`);
}

/** Pages of every origin may read a task with a key: browsers never attach a key automatically. */
function allowOrigins(response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET',
    'access-control-allow-headers': 'authorization, last-event-id, x-api-key, x-nonce, x-signature',
    'access-control-max-age': '86400',
  });
  response.end();
}
