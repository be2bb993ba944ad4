import { type FleetJobs, fleetJobsSchema } from '@runfleet/protocol';
import { listUpkeepRuns } from '@runfleet/upkeep';

import type { ApiContext } from '../../../api-context.ts';
import { answerJson } from '../../../http/answer.ts';
import { requireOperator } from '../../../http/caller.ts';
import type { Route } from '../../../route.ts';

/** The job queues, what failed in them, and the last runs of scheduled jobs. */
export const jobsRoute: Route = {
  call: 'GET /admin/v1/jobs',
  answer: fleetJobsSchema,
  open: (ctx) => async (c) => {
    await requireOperator(ctx, c);
    const [queues, upkeep] = await Promise.all([readQueues(ctx), listUpkeepRuns(ctx)]);
    const runs = upkeep.map(({ startedAt, endedAt, succeededAt, ...run }) => ({
      ...run,
      startedAt: String(startedAt),
      endedAt: endedAt === null ? null : String(endedAt),
      succeededAt: succeededAt === null ? null : String(succeededAt),
    }));
    return answerJson<FleetJobs>(c, { ...queues, upkeep: runs });
  },
};

async function readQueues(ctx: ApiContext): Promise<Pick<FleetJobs, 'queues' | 'failed'>> {
  try {
    const [queues, failed] = await Promise.all([
      ctx.jobWatch.readCounts(),
      ctx.jobWatch.listFailed(),
    ]);
    return { queues, failed };
  } catch (err) {
    ctx.logger.debug({ err }, 'job queues cannot be read');
    return { queues: null, failed: [] };
  }
}
