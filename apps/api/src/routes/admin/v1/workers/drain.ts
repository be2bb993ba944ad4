import { doneSchema } from '@runfleet/protocol';
import { drainWorker } from '@runfleet/tasks';

import { changeWorker } from '../../../../calls/change-worker.ts';
import type { Route } from '../../../../route.ts';

/** Gives a worker no new tasks. */
export const drainRoute: Route = {
  call: 'POST /admin/v1/workers/:id/drain',
  answer: doneSchema,
  open: (ctx) => changeWorker(ctx, drainWorker, 'takes no tasks anyway'),
};
