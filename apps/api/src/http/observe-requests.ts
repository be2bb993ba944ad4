import { randomUUID } from 'node:crypto';

import type { Logger, Metrics } from '@runfleet/service';
import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';

import type { ApiEnv, ApiRequest, ApiSettings, RequestTrace } from '../api-context.ts';
import { laterAnswer } from './answer-later.ts';
import { clientIp } from './client-ip.ts';

const REQUEST_ID_PATTERN = /^[\w.-]{1,64}$/;
const SECONDS = [0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.3, 2.5, 5, 10];
const QUIET_PATHS: readonly string[] = ['/healthz', '/readyz', '/metrics'];

/** Assigns each request an id; logs and measures it when it is answered. */
export function observeRequests(ctx: {
  logger: Logger;
  metrics: Metrics;
  settings: ApiSettings;
}): MiddlewareHandler<ApiEnv> {
  const requests = ctx.metrics.counter(
    'runfleet_api_requests_total',
    'Requests answered, by route, HTTP status and error code of the wire',
    ['route', 'status', 'code'],
  );
  const seconds = ctx.metrics.histogram(
    'runfleet_api_request_seconds',
    'Time from the request to its answer',
    { labels: ['route'], buckets: SECONDS },
  );

  const report = (
    { method, route }: { method: string; route: string },
    status: number,
    { startedMs, trace }: { startedMs: number; trace: RequestTrace },
  ) => {
    const elapsedMs = performance.now() - startedMs;
    requests.inc({ route, status, code: trace.code ?? '' });
    seconds.observe({ route }, elapsedMs / 1000);
    const line = { method, route, status, ms: Math.round(elapsedMs), ...trace };
    if (QUIET_PATHS.includes(route)) ctx.logger.debug(line, 'request');
    else ctx.logger.info(line, 'request');
  };

  return async (c, next) => {
    const startedMs = performance.now();
    const trace: RequestTrace = {
      requestId: readRequestId(c.req.header('x-request-id')),
      ip: clientIp(c, ctx.settings.proxies),
      code: null,
    };
    c.set('trace', trace);
    await next();

    const call = { method: c.req.method, route: routeOf(c) };
    const later = laterAnswer(c.res);
    if (later === undefined) report(call, c.res.status, { startedMs, trace });
    else void later.then(({ status }) => report(call, status, { startedMs, trace }));
  };
}

/**
 * Keeps a caller's own id, so that it can be followed through several services. `hono/request-id`
 * would replace ids with a dot, and sets a header that does not reach the responses of `answer.ts`.
 */
function readRequestId(given: string | undefined): string {
  if (given !== undefined && REQUEST_ID_PATTERN.test(given)) return given;
  const id = randomUUID();
  // Node joins it from 20 strings, which it holds until the text is read once: 400 bytes of each wait.
  REQUEST_ID_PATTERN.test(id);
  return id;
}

/** The route's pattern, never the path: the number of paths is unbounded. */
function routeOf(c: ApiRequest): string {
  const path = matchedRoutes(c).at(-1)?.path ?? '/*';
  return path === '/*' ? 'none' : path;
}
