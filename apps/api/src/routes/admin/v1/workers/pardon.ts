import { doneSchema } from '@runfleet/protocol';
import { pardonWorker } from '@runfleet/tasks';

import { changeWorker } from '../../../../calls/change-worker.ts';
import type { Route } from '../../../../route.ts';

/** Ends the quarantine of a worker. */
export const pardonRoute: Route = {
  call: 'POST /admin/v1/workers/:id/pardon',
  answer: doneSchema,
  open: (ctx) => changeWorker(ctx, pardonWorker, 'is not in quarantine'),
};
