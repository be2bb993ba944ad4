import { readDelivery } from '@runfleet/callbacks';
import type { CallbackAnswer } from '@runfleet/protocol';
import type { CallbackJob } from '@runfleet/queue';

import type { ApiContext } from '../api-context.ts';
import { callbackAnswer } from '../wire/callback-wire.ts';

/** Starts a callback that was written, and answers with it. Without Redis a broker starts it later. */
export async function startOrdered(
  ctx: ApiContext,
  projectId: string,
  { id, job }: { id: string; job: CallbackJob },
): Promise<CallbackAnswer> {
  await ctx.callbackJobs.add([job]).catch((err: unknown) => {
    ctx.logger.debug({ err }, 'callback job lost');
  });
  return callbackAnswer(await readDelivery(ctx, { projectId, id }));
}
