import type { Route } from './route.ts';
import { fleetRoute } from './routes/admin/v1/fleet.ts';
import { jobsRoute } from './routes/admin/v1/jobs.ts';
import { jobRetryRoute } from './routes/admin/v1/jobs/retry.ts';
import { limitRoute, limitsRoute } from './routes/admin/v1/limits.ts';
import { limitRemoveRoute } from './routes/admin/v1/limits/remove.ts';
import { projectRoute } from './routes/admin/v1/projects.ts';
import { tenantRoute, tenantsRoute } from './routes/admin/v1/tenants.ts';
import { drainRoute } from './routes/admin/v1/workers/drain.ts';
import { pardonRoute } from './routes/admin/v1/workers/pardon.ts';
import { authRoute, sessionRoute } from './routes/api/auth.ts';
import { ownLimitsRoute } from './routes/api/v1/limits.ts';
import { meRoute } from './routes/api/v1/me.ts';
import { callbackDetailRoute } from './routes/v1/callback/detail.ts';
import { callbackEndpointCreateRoute } from './routes/v1/callback/endpointcreate.ts';
import { callbackEndpointDeleteRoute } from './routes/v1/callback/endpointdelete.ts';
import { callbackEndpointListRoute } from './routes/v1/callback/endpointlist.ts';
import { callbackListRoute } from './routes/v1/callback/list.ts';
import { callbackRedeliverRoute } from './routes/v1/callback/redeliver.ts';
import { callbackSecretRotateRoute } from './routes/v1/callback/secretrotate.ts';
import { callbackTestSendRoute } from './routes/v1/callback/testsend.ts';
import { conversationDeleteRoute } from './routes/v1/conversation/delete.ts';
import { conversationDetailRoute } from './routes/v1/conversation/detail.ts';
import { conversationListRoute } from './routes/v1/conversation/list.ts';
import { exportCancelRoute } from './routes/v1/export/cancel.ts';
import { exportCreateRoute } from './routes/v1/export/create.ts';
import { exportDetailRoute } from './routes/v1/export/detail.ts';
import { exportDownloadRoute } from './routes/v1/export/download.ts';
import { exportListRoute } from './routes/v1/export/list.ts';
import { fileRoute } from './routes/v1/file.ts';
import { fileAccessKeyRotateRoute } from './routes/v1/file/accesskeyrotate.ts';
import { fileDeleteRoute } from './routes/v1/file/delete.ts';
import { fileDetailRoute } from './routes/v1/file/detail.ts';
import { fileFolderCreateRoute } from './routes/v1/file/foldercreate.ts';
import { fileListRoute } from './routes/v1/file/list.ts';
import { fileMoveRoute } from './routes/v1/file/move.ts';
import { fileRenameRoute } from './routes/v1/file/rename.ts';
import { fileUploadRoute } from './routes/v1/file/upload.ts';
import { openApiRoute } from './routes/v1/openapi.json.ts';
import { runRoute } from './routes/v1/run.ts';
import { runSyncRoute } from './routes/v1/run/sync.ts';
import { taskCancelRoute } from './routes/v1/task/cancel.ts';
import { taskDetailRoute } from './routes/v1/task/detail.ts';
import { taskInputOutputDeleteRoute } from './routes/v1/task/inputoutputdelete.ts';
import { taskKillRoute } from './routes/v1/task/kill.ts';
import { taskListRoute } from './routes/v1/task/list.ts';
import { taskStatRoute } from './routes/v1/task/stat.ts';
import { taskEventsRoute } from './routes/v1/tasks/events.ts';
import { toolDetailRoute } from './routes/v1/tool/detail.ts';
import { toolExploreRoute } from './routes/v1/tool/explore.ts';
import { toolListRoute } from './routes/v1/tool/list.ts';

/** Every call that the role serves, besides health checks and the dashboard's files. */
export const ROUTES: readonly Route[] = [
  runRoute,
  runSyncRoute,
  taskDetailRoute,
  taskListRoute,
  taskCancelRoute,
  taskKillRoute,
  taskInputOutputDeleteRoute,
  taskStatRoute,
  taskEventsRoute,
  conversationListRoute,
  conversationDetailRoute,
  conversationDeleteRoute,
  callbackListRoute,
  callbackDetailRoute,
  callbackRedeliverRoute,
  callbackTestSendRoute,
  callbackSecretRotateRoute,
  callbackEndpointListRoute,
  callbackEndpointCreateRoute,
  callbackEndpointDeleteRoute,
  exportCreateRoute,
  exportListRoute,
  exportDetailRoute,
  exportCancelRoute,
  exportDownloadRoute,
  toolListRoute,
  toolDetailRoute,
  toolExploreRoute,
  fileFolderCreateRoute,
  fileUploadRoute,
  fileListRoute,
  fileDetailRoute,
  fileDeleteRoute,
  fileRenameRoute,
  fileMoveRoute,
  fileAccessKeyRotateRoute,
  fileRoute,
  openApiRoute,
  authRoute,
  sessionRoute,
  meRoute,
  ownLimitsRoute,
  fleetRoute,
  limitsRoute,
  limitRoute,
  limitRemoveRoute,
  tenantsRoute,
  tenantRoute,
  projectRoute,
  jobsRoute,
  jobRetryRoute,
  drainRoute,
  pardonRoute,
];
