import {
  doneSchema,
  exploreAnswerSchema,
  fleetSchema,
  fleetTenantsSchema,
  meSchema,
  runAnswerSchema,
  taskAnswerSchema,
  taskSummaryAnswerSchema,
  tenantAnswerSchema,
  toolAnswerSchema,
  toolListAnswerSchema,
} from '@runfleet/protocol';
import { readModelStats } from '@runfleet/tasks';
import { z } from 'zod';

import type { ApiContext, ApiHandler } from './api-context.ts';
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
import { signIn } from './routes/sign-in.ts';

export type Route = {
  /** Method and path. Paths under `/v1` are in lower case here (see `route-path.ts`). */
  call: `${'GET' | 'POST'} /${string}`;
  handle: ApiHandler;
  /** The shape of a successful answer; null where it is not an answer of ours in JSON. */
  answer: z.ZodType | null;
};

const MODEL_STATS_TTL_MS = 10_000;

/** Every call that the role serves, except for the dashboard's files. */
export function listRoutes(ctx: ApiContext): readonly Route[] {
  // Counting reads every task, and the catalogue is open to callers who are not signed in.
  const stats = new Remembered(() => readModelStats(ctx), MODEL_STATS_TTL_MS);
  const taskList = z.union([taskAnswerSchema, taskSummaryAnswerSchema]);
  return [
    { call: 'POST /v1/run/:owner/:name', handle: runModel(ctx), answer: runAnswerSchema },
    { call: 'POST /v1/task/detail', handle: readTaskDetail(ctx), answer: taskAnswerSchema },
    { call: 'POST /v1/task/list', handle: listOwnTasks(ctx), answer: taskList },
    {
      call: 'POST /v1/task/cancel',
      handle: endTask(ctx, { onlyQueued: true }),
      answer: taskAnswerSchema,
    },
    {
      call: 'POST /v1/task/kill',
      handle: endTask(ctx, { onlyQueued: false }),
      answer: taskAnswerSchema,
    },
    { call: 'POST /v1/tool/list', handle: listTools(ctx, stats), answer: toolListAnswerSchema },
    { call: 'POST /v1/tool/detail', handle: readToolDetail(ctx, stats), answer: toolAnswerSchema },
    {
      call: 'POST /v1/tool/explore',
      handle: exploreTools(ctx, stats),
      answer: exploreAnswerSchema,
    },
    { call: 'GET /v1/file/:accesskey/:name', handle: readFile(ctx), answer: null },
    { call: 'GET /v1/tasks/:id/events', handle: followTask(ctx), answer: null },
    { call: 'GET /api/auth/*', handle: signIn(ctx), answer: null },
    { call: 'POST /api/auth/*', handle: signIn(ctx), answer: null },
    { call: 'GET /api/v1/me', handle: readMe(ctx), answer: meSchema },
    { call: 'GET /admin/v1/fleet', handle: readFleetPage(ctx), answer: fleetSchema },
    { call: 'GET /admin/v1/tenants', handle: listFleetTenants(ctx), answer: fleetTenantsSchema },
    { call: 'POST /admin/v1/tenants/:id', handle: changeTenant(ctx), answer: tenantAnswerSchema },
    { call: 'POST /admin/v1/projects/:id', handle: changeProject(ctx), answer: tenantAnswerSchema },
    {
      call: 'POST /admin/v1/workers/:id/drain',
      handle: changeWorker(ctx, 'drain'),
      answer: doneSchema,
    },
    {
      call: 'POST /admin/v1/workers/:id/pardon',
      handle: changeWorker(ctx, 'pardon'),
      answer: doneSchema,
    },
    { call: 'GET /healthz', handle: readHealth(ctx), answer: null },
    { call: 'GET /readyz', handle: readHealth(ctx), answer: null },
    { call: 'GET /metrics', handle: readHealth(ctx), answer: null },
  ];
}
