/** `pnpm bench` compares Runfleet with its peers on one machine in one run. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { buildModelFolder } from '@runfleet/engine';
import { optionsOrUsage } from '@runfleet/testing/options-or-usage';

import type { OwnStatistics, Round } from './bench-statistics.ts';
import { describeMachine } from './machine.ts';
import { measureBareAccept, measureBareHttp } from './measures/measure-bare.ts';
import { measureModel } from './measures/measure-model.ts';
import { measureOpenWaits, measureSyncAnswer } from './measures/measure-sync.ts';
import { measureSystem } from './measures/measure-system.ts';
import { type Options, type Part, readOptions, USAGE } from './options.ts';
import { writeReport } from './report.ts';
import type { Results } from './results.ts';
import { peer } from './systems/peer.ts';
import { runfleet, type RunfleetSetup, setUpRunfleet } from './systems/runfleet.ts';
import { bringServers, type Servers } from './systems/servers.ts';
import type { System } from './systems/system.ts';
import { untilQuiet } from './systems/until-quiet.ts';

const RUN_MS_MAX = 8 * 60_000;
const MODEL_SLOTS = 4;
const FOREIGN_PERCENT_MAX = 10;
const ATTEMPTS_MAX = 3;

/** Moves forward by the time spent waiting for a quiet machine, which does not count. */
let beganAt = performance.now();
// Exit handlers stop what was started; the default action of a signal would not run them.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
setInterval(() => {
  if (secondsSoFar() * 1_000 < RUN_MS_MAX) return;
  process.stderr.write(`The benchmark did not finish within ${RUN_MS_MAX / 60_000} minutes.\n`);
  process.exit(1);
}, 1_000).unref();

const given = optionsOrUsage(readOptions, USAGE);
if (given) {
  const results = await bench(given);
  process.stdout.write(`\n${writeReport(results)}`);
  if (given.jsonFile) await writeFile(given.jsonFile, `${JSON.stringify(results, null, 2)}\n`);
  if (hasFailed(results)) process.exitCode = 1;
}

async function bench(options: Options): Promise<Results> {
  const { plan, parts } = options;
  const startedAt = new Date().toISOString();
  await using servers = await bringServers(say);
  const setup = await setUpRunfleet(servers);
  const results: Results = {
    startedAt,
    tookSeconds: 0,
    machine: await describeMachine(servers.folder),
    versions: servers.versions,
    durability: servers.durability,
    plan,
    systems: {},
    own: [],
    problems: [],
  };

  const measurements = await measurementsOf(servers, setup, options, results);
  for (let round = 1; round <= plan.rounds; round += 1) {
    results.own.push({});
    // Each round starts with another part, so that no system always follows the same one.
    for (const part of rotate(parts, round - 1)) {
      beganAt += await untilQuiet(options.waitSeconds * 1_000);
      if (secondsSoFar() > plan.beginUntil) {
        results.problems.push(`${part}, round ${round}: skipped, this machine is too busy or slow`);
        continue;
      }
      say(`round ${round} of ${plan.rounds}: ${part}`);
      try {
        await measurements[part]();
      } catch (error) {
        results.problems.push(`${part}, round ${round}: ${String(error)}`);
        say(`  failed: ${String(error)}`);
      }
    }
  }
  results.tookSeconds = secondsSoFar();
  return results;
}

/** One round of each part; each stores its statistics in `results`. */
async function measurementsOf(
  servers: Servers,
  setup: RunfleetSetup,
  options: Options,
  results: Results,
): Promise<Record<Part, () => Promise<void>>> {
  const { plan } = options;
  const profileFolder = await profileFolderOf(options);
  const noteOwn = (statistics: OwnStatistics) =>
    Object.assign(results.own.at(-1) ?? {}, statistics);
  const measure = async (system: System) => {
    const { rounds } = (results.systems[system.name] ??= { label: system.label, rounds: [] });
    const index = results.own.length - 1;
    while (rounds.length <= index) rounds.push(null);
    rounds[index] = await measureInQuiet(servers, system, options);
  };
  return {
    async bare() {
      noteOwn(await measureBareAccept(servers, setup, plan));
      noteOwn(await measureBareHttp(servers, plan));
    },
    runfleet: () =>
      measure(runfleet(servers, setup, { engine: { ENGINE: 'echo' }, profileFolder })),
    n1: () => measure(peer(servers, 'n1', { profileFolder: undefined })),
    'n1-batched': () => measure(peer(servers, 'n1-batched', { profileFolder: undefined })),
    n2: () => measure(peer(servers, 'n2', { profileFolder: undefined })),
    async model() {
      const { dir } = await buildModelFolder(join(servers.folder, 'model'));
      const engine = { ENGINE: 'onnx', MODEL_DIR: dir } as const;
      const system = runfleet(servers, setup, {
        engine,
        slots: MODEL_SLOTS,
        profileFolder: undefined,
      });
      noteOwn(await measureModel(system, plan));
    },
    async sync() {
      noteOwn(await measureOpenWaits(servers, setup, plan));
      const system = runfleet(servers, setup, { engine: { ENGINE: 'echo' }, profileFolder });
      await using running = await system.start();
      noteOwn(await measureSyncAnswer(running, plan));
    },
  };
}

/** With `--wait`, repeats a round that other programs disturbed, at most twice; the quietest counts. */
async function measureInQuiet(servers: Servers, system: System, options: Options): Promise<Round> {
  let quietest = await measureSystem(servers, system, options.plan);
  for (let attempt = 2; attempt <= ATTEMPTS_MAX && options.waitSeconds > 0; attempt += 1) {
    const { foreign } = quietest.statistics;
    if (foreign <= FOREIGN_PERCENT_MAX) break;
    say(`  other programs used ${foreign.toFixed(0)} % of the machine; repeating`);
    const againAt = performance.now();
    await untilQuiet(options.waitSeconds * 1_000);
    const round = await measureSystem(servers, system, options.plan);
    if (round.statistics.foreign < foreign) quietest = round;
    beganAt += performance.now() - againAt;
  }
  return quietest;
}

async function profileFolderOf({ profileFolder }: Options): Promise<string | undefined> {
  if (profileFolder) await mkdir(profileFolder, { recursive: true });
  return profileFolder;
}

function rotate<Item>(items: readonly Item[], by: number): Item[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

function hasFailed(results: Results): boolean {
  const rounds = Object.values(results.systems).flatMap((system) => system.rounds);
  const isLossless =
    rounds.every((round) => !round || round.statistics.lost === 0) &&
    results.own.every((statistics) => (statistics.modelLost ?? 0) === 0);
  return !isLossless || results.problems.length > 0;
}

function say(step: string): void {
  process.stderr.write(`${secondsSoFar().toFixed(0).padStart(4)} s  ${step}\n`);
}

function secondsSoFar(): number {
  return (performance.now() - beganAt) / 1_000;
}
