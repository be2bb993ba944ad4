import { measureFleet } from '../measures/measure-system.ts';
import { peer } from '../systems/peer.ts';
import { runfleet, type RunfleetSetup } from '../systems/runfleet.ts';
import type { Servers } from '../systems/servers.ts';
import type { System } from '../systems/system.ts';
import type { BrokerPlan } from './broker-plan.ts';
import type { BrokerStatistics } from './broker-statistics.ts';
import { measureTicketHop } from './measure-ticket-hop.ts';

/** Idle latency and sustained rate of Runfleet and N2, and the latency of a bare BullMQ job. */
export async function measureFleetBesideN2(
  servers: Servers,
  setup: RunfleetSetup,
  plan: BrokerPlan,
): Promise<BrokerStatistics> {
  const options = { engine: { ENGINE: 'echo' }, profileFolder: undefined } as const;
  const ours = await measure(servers, runfleet(servers, setup, options), plan);
  const n2 = await measure(servers, peer(servers, 'n2', { profileFolder: undefined }), plan);
  const bare = await measureTicketHop(servers, {
    kind: 'bullmq',
    hosts: 1,
    busyHosts: 1,
    perSecond: 50,
    seconds: plan.hopSeconds,
  });
  return {
    startP50: ours.statistics.idleStartP50,
    startP99: ours.statistics.idleStartP99,
    bareHopP50: bare.p50,
    bareHopP99: bare.p99,
    startToBare: ours.statistics.idleStartP50 / bare.p50,
    finished: ours.statistics.finished,
    finishedN2: n2.statistics.finished,
    finishedToN2: ours.statistics.finished / n2.statistics.finished,
    lost: ours.lost,
  };
}

async function measure(servers: Servers, system: System, plan: BrokerPlan) {
  await using running = await system.start();
  await running.startFleet();
  const measured = await measureFleet(servers, running, plan.fleet);
  return measured;
}
