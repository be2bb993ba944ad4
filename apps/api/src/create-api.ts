import { RunfleetError } from '@runfleet/protocol';
import { readModelStats } from '@runfleet/tasks';
import { Hono } from 'hono';
import { getPath } from 'hono/utils/url';

import type { ApiContext, ApiEnv, ApiRequest } from './api-context.ts';
import { admitCalls } from './http/admit-calls.ts';
import { allowOtherOrigins } from './http/allow-other-origins.ts';
import { answerError } from './http/answer-error.ts';
import { observeRequests } from './http/observe-requests.ts';
import { routePath } from './http/route-path.ts';
import { Remembered } from './remembered.ts';
import { changeProject, changeTenant } from './routes/change-tenant.ts';
import { changeWorker } from './routes/change-worker.ts';
import { endTask } from './routes/end-task.ts';
import { exploreTools } from './routes/explore-tools.ts';
import { followTask } from './routes/follow-task.ts';
import { listFleetTenants } from './routes/list-fleet-tenants.ts';
import { listOwnTasks } from './routes/list-own-tasks.ts';
import { listTools } from './routes/list-tools.ts';
import { readFile } from './routes/read-file.ts';
import { readFleetPage } from './routes/read-fleet-page.ts';
import { readHealth } from './routes/read-health.ts';
import { readMe } from './routes/read-me.ts';
import { readTaskDetail } from './routes/read-task-detail.ts';
import { readToolDetail } from './routes/read-tool-detail.ts';
import { runModel } from './routes/run-model.ts';
import { serveDashboard } from './routes/serve-dashboard.ts';
import { signIn } from './routes/sign-in.ts';

const MODEL_STATS_TTL_MS = 10_000;

/** The role's routes. Paths under `/v1` stand here in lower case (see `route-path.ts`). */
export function createApi(ctx: ApiContext): Hono<ApiEnv> {
  // Counting reads every task, and anybody may look at the catalogue.
  const stats = new Remembered(() => readModelStats(ctx), MODEL_STATS_TTL_MS);
  const api = new Hono<ApiEnv>({ getPath: routePath });
  api.use(observeRequests(ctx));
  api.use('/v1/*', allowOtherOrigins);
  api.use(admitCalls(ctx));
  api.onError((error, c) => answerError(ctx, c, error));
  api.notFound((c) => answerError(ctx, c, pathNotFound(c)));

  api.post('/v1/run/:owner/:name', runModel(ctx));
  api.post('/v1/task/detail', readTaskDetail(ctx));
  api.post('/v1/task/list', listOwnTasks(ctx));
  api.post('/v1/task/cancel', endTask(ctx, { onlyQueued: true }));
  api.post('/v1/task/kill', endTask(ctx, { onlyQueued: false }));
  api.post('/v1/tool/list', listTools(ctx, stats));
  api.post('/v1/tool/detail', readToolDetail(ctx, stats));
  api.post('/v1/tool/explore', exploreTools(ctx, stats));
  api.get('/v1/file/:accesskey/:name', readFile(ctx));
  api.get('/v1/tasks/:id/events', followTask(ctx));

  api.on(['GET', 'POST'], '/api/auth/*', signIn(ctx));
  api.get('/api/v1/me', readMe(ctx));
  api.get('/admin/v1/fleet', readFleetPage(ctx));
  api.get('/admin/v1/tenants', listFleetTenants(ctx));
  api.post('/admin/v1/tenants/:id', changeTenant(ctx));
  api.post('/admin/v1/projects/:id', changeProject(ctx));
  api.post('/admin/v1/workers/:id/drain', changeWorker(ctx, 'drain'));
  api.post('/admin/v1/workers/:id/pardon', changeWorker(ctx, 'pardon'));

  for (const path of ['/healthz', '/readyz', '/metrics']) api.get(path, readHealth(ctx));
  const dashboard = serveDashboard(ctx);
  api.get('/*', (c) => {
    if (isCallPath(c.req.path)) throw pathNotFound(c);
    return dashboard(c);
  });
  return api;
}

/** A wrong call must not be answered with a page. */
function isCallPath(path: string): boolean {
  return /^\/(v1|api|admin)(\/|$)/.test(path);
}

function pathNotFound(c: ApiRequest): RunfleetError {
  // As the caller wrote it; the path of the router is in lower case.
  const path = getPath(c.req.raw);
  return new RunfleetError('path_not_found', `${c.req.method} ${path} does not exist.`);
}
