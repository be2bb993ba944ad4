import type { RunfleetSetup } from '../systems/runfleet.ts';
import type { Servers } from '../systems/servers.ts';
import type { BrokerPlan } from './broker-plan.ts';
import type { BrokerStatistics } from './broker-statistics.ts';
import { measureFairPick, type RedisTime } from './measure-fair-pick.ts';
import { measureFairness } from './measure-fairness.ts';
import { measureQueueMemory } from './measure-queue-memory.ts';

/** The cost of fair order in Redis, compared with a BullMQ job, and its fairness. */
export async function measureQueue(
  _servers: Servers,
  _setup: RunfleetSetup,
  plan: BrokerPlan,
): Promise<BrokerStatistics> {
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
