import type { RunfleetSetup } from '../systems/runfleet.ts';
import type { Servers } from '../systems/servers.ts';
import type { BrokerPlan } from './broker-plan.ts';
import type { BrokerFigures } from './figures.ts';
import { measureFairPick, type RedisTime } from './measure-fair-pick.ts';
import { measureFairness } from './measure-fairness.ts';
import { measureQueueMemory } from './measure-queue-memory.ts';

/** What fair order costs in Redis, beside a BullMQ job, and how fair it is. */
export async function measureQueue(
  _servers: Servers,
  _setup: RunfleetSetup,
  plan: BrokerPlan,
): Promise<BrokerFigures> {
  const { bullJob, byTenants } = await measureFairPick();
  const memory = await measureQueueMemory(plan.memoryTasks);
  const picks = (which: keyof RedisTime) =>
    byTenants.map(({ pickAndRelease }) => pickAndRelease[which]);
  const { jain, lightP95Ms } = measureFairness();
  return {
    bullJob: bullJob.together,
    fairPick: Math.max(...picks('together')),
    fairPickToBull: Math.max(...picks('together')) / bullJob.together,
    fairPickAloneToBull: Math.max(...picks('alone')) / bullJob.alone,
    fairPickFlat: Math.max(...picks('together')) / Math.min(...picks('together')),
    queueMemory: Math.max(...memory.map(({ bytesPerTask }) => bytesPerTask)),
    jain: jain * 100,
    lightWait: lightP95Ms.after / lightP95Ms.before,
  };
}
