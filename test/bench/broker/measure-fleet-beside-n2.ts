import { measureFleet } from '../measures/measure-system.ts';
import { peer } from '../systems/peer.ts';
import { runfleet, type RunfleetSetup } from '../systems/runfleet.ts';
import type { Servers } from '../systems/servers.ts';
import type { System } from '../systems/system.ts';
import type { BrokerPlan } from './broker-plan.ts';
import type { BrokerFigures } from './figures.ts';
import { measureTicketHop } from './measure-ticket-hop.ts';

/** One task at a time and as many as go, on Runfleet and on N2; and what a bare BullMQ job takes. */
export async function measureFleetBesideN2(
  servers: Servers,
  setup: RunfleetSetup,
  plan: BrokerPlan,
): Promise<BrokerFigures> {
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
    startP50: ours.figures.idleStartP50,
    startP99: ours.figures.idleStartP99,
    bareHopP50: bare.p50,
    bareHopP99: bare.p99,
    startToBare: ours.figures.idleStartP50 / bare.p50,
    finished: ours.figures.finished,
    finishedN2: n2.figures.finished,
    finishedToN2: ours.figures.finished / n2.figures.finished,
    lost: ours.lost,
  };
}

async function measure(servers: Servers, system: System, plan: BrokerPlan) {
  await using running = await system.start();
  await running.startFleet();
  const measured = await measureFleet(servers, running, plan.fleet);
  return measured;
}
