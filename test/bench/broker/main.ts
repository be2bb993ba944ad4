/** `pnpm bench:broker` measures what the broker promises. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { optionsOrUsage } from '@runfleet/testing/options-or-usage';

import { describeMachine } from '../machine.ts';
import type { RunfleetSetup } from '../systems/runfleet.ts';
import { setUpRunfleet } from '../systems/runfleet.ts';
import { bringServers, type Servers } from '../systems/servers.ts';
import { untilQuiet } from '../systems/until-quiet.ts';
import { type BrokerPlan, FULL_BROKER_PLAN, SHORT_BROKER_PLAN } from './broker-plan.ts';
import { type BrokerResults, isKept, writeBrokerReport } from './broker-report.ts';
import type { BrokerStatistics } from './broker-statistics.ts';
import { measureCrowd } from './measure-crowd.ts';
import { measureFleetBesideN2 } from './measure-fleet-beside-n2.ts';
import { measureHotTenant } from './measure-hot-tenant.ts';
import { measureKill } from './measure-kill.ts';
import { measureQueue } from './measure-queue.ts';
import { measureTicketHop } from './measure-ticket-hop.ts';
import { measureWipe } from './measure-wipe.ts';

type Measure = (
  servers: Servers,
  setup: RunfleetSetup,
  plan: BrokerPlan,
) => Promise<BrokerStatistics>;

const MEASURES: Record<string, Measure> = {
  fleet: measureFleetBesideN2,
  'hot-tenant': measureHotTenant,
  queue: measureQueue,
  hop: measureHops,
  crowd: measureCrowd,
  wipe: measureWipe,
  kill: measureKill,
};

/** The measures that check a promise, and the fleet. */
const SHORT_MEASURES = ['fleet', 'hop', 'crowd', 'wipe', 'kill'];

const USAGE = `pnpm bench:broker [--short] [--only ${Object.keys(MEASURES).join(',')}] [--rounds N] [--json FILE] [--wait SECONDS]\n`;

// Exit handlers stop what was started; the default action of a signal would not run them.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const given = optionsOrUsage(readOptions, USAGE);
if (given) {
  const results = await bench(given);
  process.stdout.write(`\n${writeBrokerReport(results)}`);
  if (given.json) await writeFile(given.json, `${JSON.stringify(results, null, 2)}\n`);
  if (!isKept(results)) process.exitCode = 1;
}

function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      short: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      json: { type: 'string' },
      wait: { type: 'string', default: '0' },
    },
  });
  const plan = values.short ? SHORT_BROKER_PLAN : FULL_BROKER_PLAN;
  return {
    plan: { ...plan, rounds: Number(values.rounds ?? plan.rounds) },
    measures: values.only?.split(',') ?? (values.short ? SHORT_MEASURES : Object.keys(MEASURES)),
    waitMs: Number(values.wait) * 1_000,
    json: values.json,
  };
}

async function bench(options: {
  plan: BrokerPlan;
  measures: readonly string[];
  waitMs: number;
}): Promise<BrokerResults> {
  const { plan, measures, waitMs } = options;
  const beganAt = performance.now();
  const say = (step: string) => {
    const seconds = ((performance.now() - beganAt) / 1_000).toFixed(0).padStart(4);
    process.stderr.write(`${seconds} s  ${step}\n`);
  };
  const startedAt = new Date().toISOString();
  await using servers = await bringServers(say);
  const setup = await setUpRunfleet(servers);
  const results: BrokerResults = {
    startedAt,
    tookSeconds: 0,
    machine: await describeMachine(servers.folder),
    versions: servers.versions,
    durability: servers.durability,
    rounds: [],
    problems: [],
  };
  for (let round = 1; round <= plan.rounds; round += 1) {
    const statistics: BrokerStatistics = {};
    results.rounds.push(statistics);
    for (const name of measures) {
      const measure = MEASURES[name];
      if (!measure) throw new Error(`--only: there is no measure "${name}".`);
      await untilQuiet(waitMs);
      say(`round ${round} of ${plan.rounds}: ${name}`);
      try {
        const { lost = 0, ...found } = await measure(servers, setup, plan);
        Object.assign(statistics, found, { lost: (statistics.lost ?? 0) + lost });
      } catch (error) {
        results.problems.push(`${name}, round ${round}: ${String(error)}`);
        say(`  failed: ${String(error)}`);
      }
    }
  }
  results.tookSeconds = (performance.now() - beganAt) / 1_000;
  return results;
}

async function measureHops(
  servers: Servers,
  _setup: RunfleetSetup,
  plan: BrokerPlan,
): Promise<BrokerStatistics> {
  const load = { hosts: 200, busyHosts: plan.busyHosts, perSecond: 500, seconds: plan.hopSeconds };
  const lists = await measureTicketHop(servers, { kind: 'lists', ...load });
  const bullmq = await measureTicketHop(servers, { kind: 'bullmq', ...load });
  return {
    ticketHopP50: lists.p50,
    ticketHopP99: lists.p99,
    bullHopP50: bullmq.p50,
    bullHopP99: bullmq.p99,
  };
}
