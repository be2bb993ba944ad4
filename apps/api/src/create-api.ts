import { RunfleetError } from '@runfleet/protocol';
import { Hono } from 'hono';
import { getPath } from 'hono/utils/url';

import type { ApiContext, ApiEnv, ApiRequest } from './api-context.ts';
import { admitCalls } from './http/admit-calls.ts';
import { allowOtherOrigins } from './http/allow-other-origins.ts';
import { answerError } from './http/answer-error.ts';
import { observeRequests } from './http/observe-requests.ts';
import { HEALTH_PATHS, readHealth } from './http/read-health.ts';
import { routePathOf } from './http/route-path.ts';
import { separateFiles } from './http/separate-files.ts';
import { ROUTES } from './routes.ts';
import { serveDashboard } from './serve-dashboard.ts';

/** The role's HTTP application: middleware, routes and the dashboard. */
export function createApi(ctx: ApiContext): Hono<ApiEnv> {
  const api = new Hono<ApiEnv>({ getPath: routePathOf(ROUTES) });
  api.use(observeRequests(ctx));
  const separate = separateFiles(ctx);
  if (separate !== null) api.use(separate);
  api.use('/v1/*', allowOtherOrigins);
  api.use(admitCalls(ctx));
  api.onError((error, c) => answerError(ctx, c, error));
  api.notFound((c) => answerError(ctx, c, pathNotFound(c)));

  for (const { call, open } of ROUTES) {
    const [method = '', path = ''] = call.split(' ');
    api.on(method, path, open(ctx));
  }
  for (const path of HEALTH_PATHS) api.get(path, readHealth(ctx));
  const dashboard = serveDashboard(ctx);
  api.get('/*', (c) => {
    if (isCallPath(c.req.path)) throw pathNotFound(c);
    return dashboard(c);
  });
  return api;
}

/** Whether a path is one of the API, where a wrong call must not be answered with a page. */
function isCallPath(path: string): boolean {
  return /^\/(v1|api|admin)(\/|$)/.test(path);
}

function pathNotFound(c: ApiRequest): RunfleetError {
  // The path as the caller wrote it; the router's path is in lower case.
  const path = getPath(c.req.raw);
  return new RunfleetError('path_not_found', `${c.req.method} ${path} does not exist.`);
}
