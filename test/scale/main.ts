/**
 * `pnpm scale` measures how the queue behaves far beyond what one machine can run. It draws
 * docs/scaling/*.svg and prints their values. `pnpm scale <part> ...` runs only some parts.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

import { seededRandom } from '@runfleet/scheduler/testing';
import { optionsOrUsage } from '@runfleet/testing/options-or-usage';

import { measureFairPick } from '../bench/broker/measure-fair-pick.ts';
import { measureQueueMemory } from '../bench/broker/measure-queue-memory.ts';
import { percentile } from '../bench/load/statistics.ts';
import { type Chart, drawChart } from './chart.ts';
import { jainOfWindows } from './fair-shares.ts';
import { fleetByLoad } from './fleet-by-load.ts';
import { lightTenantWaits } from './light-tenant.ts';
import { millionHistory } from './million-history.ts';
import { millionTasks } from './million-tasks.ts';
import { startOwnRedis } from './own-redis.ts';
import { schedulerMicros } from './scheduler-cost.ts';
import { simulateFleet } from './simulate-fleet.ts';
import { backloggedTenants } from './tenants.ts';

const DRAWINGS = fileURLToPath(new URL('../../docs/scaling/', import.meta.url));
const TENANTS_TICKS = [10, 100, 1_000, 10_000, 100_000];

const PARTS: Record<string, () => Promise<void>> = {
  /** Redis time by number of tenants. */
  async cost() {
    const measured = await measureFairPick();
    say('Redis time per task, µs', measured);
    const { bullJob, byTenants } = measured;
    await draw('pick-cost', {
      title: 'Redis time per task, 32 in flight',
      x: {
        label: 'tenants with queued tasks',
        ticks: [10, 100, 1_000, 10_000],
        isLogarithmic: true,
      },
      y: { label: 'µs of the Redis process', ticks: [0, 20, 40, 60, 80, 100, 120] },
      series: [
        {
          name: 'a BullMQ job',
          points: byTenants.map(({ tenants }) => [tenants, bullJob.together]),
        },
        {
          name: 'enqueue, pick, release',
          points: byTenants.map(({ tenants, wholeLife }) => [tenants, wholeLife.together]),
        },
        {
          name: 'pick and release',
          points: byTenants.map(({ tenants, pickAndRelease }) => [
            tenants,
            pickAndRelease.together,
          ]),
        },
      ],
    });
  },

  /** A million tasks in the index. */
  async million() {
    await using redis = await startOwnRedis();
    const measured = await millionTasks(redis, { tasks: 1_000_000, tenants: 100_000 });
    say('A million tasks of 100,000 tenants', measured);
    say(
      '100,000 tasks of 10,000 tenants',
      await millionTasks(redis, { tasks: 100_000, tenants: 10_000 }),
    );
    await draw('queue-length', {
      title: 'Redis time per pick and release, by queue length',
      x: {
        label: 'queued tasks',
        ticks: [1_000, 10_000, 100_000, 1_000_000],
        isLogarithmic: true,
      },
      y: { label: 'µs of the Redis process', ticks: [0, 20, 40, 60, 80] },
      series: [
        {
          name: '100,000 tenants',
          points: measured.costs.map(({ queued, micros }) => [queued, micros]),
        },
      ],
    });
  },

  /** Task/List in a history of a million tasks. */
  async history() {
    say('A million tasks of one organisation', await millionHistory(1_000_000));
  },

  async memory() {
    say('Redis memory', [
      ...(await measureQueueMemory(100_000)),
      ...(await measureQueueMemory(1_000_000)),
    ]);
  },

  /** Fairness by the number of slots, and a light tenant beside a heavy one. */
  async fairness() {
    const rows = [1_000, 2_000, 4_000, 10_000].map((slots) => {
      const tenants = backloggedTenants(1_000, seededRandom(1));
      const simulated = simulateFleet({ tenants, slots, forMs: 180_000, windowMs: 60_000 });
      const weights = new Map(tenants.map(({ id, weight }) => [id, weight]));
      return { slots, jain: Math.min(...jainOfWindows(simulated, weights)) };
    });
    say("Jain's index, worst of three minutes", rows);
    await draw('fairness', {
      title: "Jain's index of slot-time by weight, 1,000 backlogged tenants",
      x: { label: 'slots', ticks: [1_000, 2_000, 4_000, 10_000], isLogarithmic: true },
      y: { label: 'the worst of three minutes', ticks: [0.98, 0.985, 0.99, 0.995, 1] },
      series: [{ name: 'costs unknown', points: rows.map(({ slots, jain }) => [slots, jain]) }],
    });
    const waits = [0, 1_000, 10_000, 100_000, 1_000_000].map((heavyTasks) => {
      const sorted = lightTenantWaits(heavyTasks);
      const [p50, p95] = [percentile(sorted, 0.5), percentile(sorted, 0.95)];
      return { heavyTasks, p50, p95 };
    });
    say('Waits of a light tenant, ms', waits);
    const drawn = waits.filter(({ heavyTasks }) => heavyTasks > 0);
    await draw('light-tenant', {
      title: 'Waits of a light tenant while another tenant queues many tasks',
      x: {
        label: 'tasks that the other tenant queued',
        ticks: [1_000, 10_000, 100_000, 1_000_000],
        isLogarithmic: true,
      },
      y: { label: 'ms', ticks: [0, 200, 400, 600, 800, 1_000] },
      series: [
        { name: 'p95', points: drawn.map(({ heavyTasks, p95 }) => [heavyTasks, p95]) },
        { name: 'p50', points: drawn.map(({ heavyTasks, p50 }) => [heavyTasks, p50]) },
        {
          name: 'p95 without it',
          points: drawn.map(({ heavyTasks }) => [heavyTasks, waits[0]?.p95 ?? NaN]),
        },
      ],
    });
  },

  /** 10,000 GPUs by load. */
  async fleet() {
    const rows = [0.5, 0.8, 0.9, 0.95, 1, 1.05, 1.1, 1.25, 1.5, 2].map(fleetByLoad);
    say('10,000 slots by load', rows);
    await draw('wait-by-load', {
      title: 'Waits in a fleet of 10,000 slots and 1,000 tenants',
      x: { label: 'offered work / capacity', ticks: [0.5, 1, 1.5, 2] },
      y: {
        label: 'ms, at least 1',
        ticks: [1, 10, 100, 1_000, 10_000, 100_000],
        isLogarithmic: true,
      },
      series: [
        { name: 'all, p95', points: rows.map((row) => [row.load, row.allWaitsMs.p95]) },
        { name: 'all, p50', points: rows.map((row) => [row.load, row.allWaitsMs.p50]) },
        { name: 'modest, p95', points: rows.map((row) => [row.load, row.modestWaitsMs.p95]) },
        { name: 'modest, p50', points: rows.map((row) => [row.load, row.modestWaitsMs.p50]) },
      ].map(({ name, points }) => ({
        name,
        points: points.map(([load = NaN, ms = NaN]) => [load, Math.max(1, ms)] as const),
      })),
    });
  },

  /** The scheduler without Redis. */
  async scheduler() {
    const rows = TENANTS_TICKS.map((tenants) => ({ tenants, micros: schedulerMicros(tenants) }));
    say('Scheduler, µs per task', rows);
    await draw('scheduler-cost', {
      title: 'Process time of the scheduler itself per task: enqueue, pick and release',
      x: { label: 'tenants with queued tasks', ticks: TENANTS_TICKS, isLogarithmic: true },
      y: { label: 'µs', ticks: [0, 5, 10, 15, 20] },
      series: [{ name: 'FairQueue', points: rows.map(({ tenants, micros }) => [tenants, micros]) }],
    });
  },
};

const USAGE = `pnpm scale [part...]   the parts: ${Object.keys(PARTS).join(', ')}; all of them by default
`;

const asked = optionsOrUsage(readParts, USAGE);
if (asked) await measure(asked);

function readParts(args: readonly string[]): readonly string[] {
  const unknown = args.find((name) => !Object.hasOwn(PARTS, name));
  if (unknown !== undefined) throw new Error(`There is no part ${unknown}.`);
  return args.length > 0 ? args : Object.keys(PARTS);
}

async function measure(names: readonly string[]): Promise<void> {
  await mkdir(DRAWINGS, { recursive: true });
  say('Machine', `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`);
  for (const name of names) await PARTS[name]?.();
}

async function draw(name: string, chart: Chart): Promise<void> {
  await writeFile(`${DRAWINGS}${name}.svg`, drawChart(chart));
}

function say(title: string, value: unknown): void {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  process.stdout.write(`${title}: ${text}\n`);
}
