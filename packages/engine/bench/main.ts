/** `pnpm bench:engine`: how fast the engine decodes beside its peers on this machine's CPU. */
import { rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, homedir, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { optionsOrUsage } from '@runfleet/testing/options-or-usage';

import { buildModelFolder } from '../src/builder/build-model-folder.ts';
import { type ModelSize, TINY_MODEL } from '../src/builder/model-size.ts';
import { writeGguf } from './gguf.ts';
import { installPeers } from './install-peers.ts';
import { measureReadBandwidth } from './memory-bandwidth.ts';
import { type Decoding, promptIds } from './protocol.ts';
import { medianOf, ratio, type Row, spreadOf, table } from './report.ts';
import { stepBytes } from './step-bytes.ts';
import { System } from './systems/start-system.ts';

/**
 * 265M weights with Phi-3.5-mini's head size and vocabulary: large enough that the weights dominate
 * the cost, not the calls.
 */
const MID_MODEL: ModelSize = {
  ...TINY_MODEL,
  hiddenSize: 1152,
  intermediateSize: 3072,
  layers: 12,
  heads: 12,
  vocabularySize: 32064,
  precision: 'int4',
};
const BATCH_MAX = 8;
const SHORT_CONTEXT = 64;
const LONG_CONTEXT = 512;
const TOKENS = 128;
const SLOW_TOKENS = 64;
/** Turns of the engine and of bare runs, alternating, in each round. */
const COST_TURNS = 8;
const EQUAL_PROMPTS = 20;
const EQUAL_TOKENS = 32;

const USAGE = `pnpm bench:engine                  five rounds of everything; installs the peers once (0.8 GB)
pnpm bench:engine --short          one round, only Runfleet's two runtimes, a minute
pnpm bench:engine --rounds N       another number of rounds
pnpm bench:engine --peers FOLDER   where the peers are installed
pnpm bench:engine --threads 2      CPU threads of every system; the default is all cores
pnpm bench:engine --json FILE      writes the measurements of every round
`;

const given = optionsOrUsage(readOptions, USAGE);
if (given === null) process.exit();
const values = given;

const { short, peers, threads } = values;
const rounds = Number(values.rounds ?? (short ? 1 : 5));

type Part = Decoding & { name: string; system: string; do: 'decode' | 'cost' | 'stall' };

const part = (
  system: string,
  batch: number,
  contextTokens: number,
  tokens = TOKENS,
  what: Part['do'] = 'decode',
): Part => ({
  name: `${system} ${batch}@${contextTokens}`,
  system,
  do: what,
  batch,
  contextTokens,
  tokens,
});

const OURS = [
  part('runfleet', 1, SHORT_CONTEXT, TOKENS, 'cost'),
  part('runfleet', BATCH_MAX, SHORT_CONTEXT, TOKENS, 'cost'),
  part('runfleet', BATCH_MAX, SHORT_CONTEXT, TOKENS, 'stall'),
  part('runfleet', 1, LONG_CONTEXT),
  part('runfleet', BATCH_MAX, LONG_CONTEXT),
  part('stock', 1, LONG_CONTEXT, SLOW_TOKENS),
  part('stock', BATCH_MAX, LONG_CONTEXT, SLOW_TOKENS),
];
const PEERS = [
  part('llama.cpp', 1, SHORT_CONTEXT),
  part('llama.cpp', BATCH_MAX, SHORT_CONTEXT),
  part('llama.cpp', 1, LONG_CONTEXT),
  part('llama.cpp', BATCH_MAX, LONG_CONTEXT),
  part('transformers.js', 1, SHORT_CONTEXT),
  part('transformers.js', 1, LONG_CONTEXT, SLOW_TOKENS),
];

/** Rows of the table that compare two measurements of one round, with the ratio to reach. */
const RATIOS: { name: string; over: string; under: string; target: string; peers: boolean }[] = [
  {
    name: 'batch 1, llama.cpp',
    over: 'runfleet 1@64',
    under: 'llama.cpp 1@64',
    target: '>= 1.0',
    peers: true,
  },
  {
    name: 'batch 8, llama.cpp',
    over: 'runfleet 8@64',
    under: 'llama.cpp 8@64',
    target: '>= 1.5',
    peers: true,
  },
  {
    name: 'batch 1 at 512, llama.cpp',
    over: 'runfleet 1@512',
    under: 'llama.cpp 1@512',
    target: '',
    peers: true,
  },
  {
    name: 'batch 8 at 512, llama.cpp',
    over: 'runfleet 8@512',
    under: 'llama.cpp 8@512',
    target: '',
    peers: true,
  },
  {
    name: 'batch 1, transformers.js',
    over: 'runfleet 1@64',
    under: 'transformers.js 1@64',
    target: '>= 2',
    peers: true,
  },
  {
    name: 'batch 1 at 512, transformers.js',
    over: 'runfleet 1@512',
    under: 'transformers.js 1@512',
    target: '>= 2',
    peers: true,
  },
  {
    name: 'batch 8 at 512, stock binding',
    over: 'runfleet 8@512',
    under: 'stock 8@512',
    target: '>= 5',
    peers: false,
  },
  {
    name: 'batch 8 over batch 1',
    over: 'runfleet 8@64',
    under: 'runfleet 1@64',
    target: '>= 2.5',
    peers: false,
  },
];

/** Rows of the table that are shown as measured. */
const MEASUREMENTS: Row[] = [
  ['batch 1, bare runs over all', 'cost 1', '<= 1.10'],
  ['batch 8, bare runs over all', 'cost 8', '<= 1.10'],
  ['stall of the event loop, p99 ms', 'stall', '<= 10'],
  ['batch 1, of the bandwidth floor', 'floor runfleet 1@64', '>= 0.60'],
  ['batch 1 at 512, of the bandwidth floor', 'floor runfleet 1@512', ''],
  ['batch 8, of the bandwidth floor', 'floor runfleet 8@64', ''],
];

const work = join(tmpdir(), 'runfleet-bench-engine');
const started = new Map<string, System>();
const measurements: Record<string, number[]> = {};
let bandwidth = Number.NaN;

try {
  await main();
} finally {
  for (const system of started.values()) await system[Symbol.asyncDispose]();
}

async function main(): Promise<void> {
  say(
    `${cpus()[0]?.model}, ${threads} threads, Linux ${release()}, Node ${process.version}; load ${loadavg()[0]?.toFixed(1)}`,
  );
  const published = join(work, 'published');
  await buildModelFolder(published, MID_MODEL);
  await start('runfleet', 'runfleet.ts', [published, 'capi', 'cpu', String(BATCH_MAX), threads]);
  await start('stock', 'runfleet.ts', [published, 'stock', 'cpu', String(BATCH_MAX), threads]);
  if (!short) await startPeers();

  const parts = short ? OURS : [...OURS, ...PEERS];
  for (let round = 1; round <= rounds; round += 1) {
    // Every round begins with another part, so that no part always follows the same one.
    const order = [...parts.slice(round % parts.length), ...parts.slice(0, round % parts.length)];
    // The memory serves other machines too, so its speed is that of the round.
    bandwidth = await measureReadBandwidth('cpu', Number(threads));
    record('GB a second read', bandwidth / 1e9);
    for (const next of order) await measure(next);
    say(`round ${round} of ${rounds} done; load ${loadavg()[0]?.toFixed(1)}`);
  }
  if (!short) await compareAnswers();
  print(parts);
  if (values.json) await writeFile(values.json, JSON.stringify(measurements, undefined, 1));
}

async function start(name: string, script: string, args: readonly string[]): Promise<void> {
  started.set(name, await System.start(name, script, args));
}

async function startPeers(): Promise<void> {
  await installPeers(peers);
  const folder = join(work, 'transformers');
  await buildModelFolder(folder, { ...MID_MODEL, layout: 'transformers' });
  await start('transformers.js', 'transformers.ts', [peers, folder]);
  const gguf = join(work, 'model.gguf');
  writeGguf(gguf, MID_MODEL);
  const context = String(BATCH_MAX * (LONG_CONTEXT + 2 * TOKENS));
  await start('llama.cpp', 'llama-cpp.ts', [peers, gguf, threads, String(BATCH_MAX), context]);
  await rm(gguf);
}

async function measure(next: Part): Promise<void> {
  const system = systemOf(next.system);
  switch (next.do) {
    case 'decode':
      return recordRate(next, (await system.decode('decode', next)).tokensPerSecond);
    case 'cost':
      return await measureCost(system, next);
    case 'stall':
      return record('stall', await system.stall(next));
  }
}

/**
 * The engine and the bare runs take turns, and each goes first in half of them, so a drift of the
 * machine affects both.
 */
async function measureCost(system: System, next: Part): Promise<void> {
  const { name, batch, ...rest } = next;
  const rates: Record<'decode' | 'bare', number[]> = { decode: [], bare: [] };
  for (let turn = 0; turn < COST_TURNS; turn += 1) {
    const order = ['decode', 'bare'] as const;
    for (const what of turn % 2 === 0 ? order : order.toReversed()) {
      rates[what].push((await system.decode(what, { batch, ...rest })).tokensPerSecond);
    }
  }
  recordRate(next, medianOf(rates.decode));
  record(bareNameOf(name), medianOf(rates.bare));
  record(`cost ${batch}`, medianOf(ratio(rates.bare, rates.decode)));
}

/** With its share of the rate at which the memory could read what each step must. */
function recordRate({ name, batch, contextTokens, tokens }: Part, tokensPerSecond: number): void {
  record(name, tokensPerSecond);
  const bytes = stepBytes(MID_MODEL, { batch, context: contextTokens + tokens / 2 });
  record(`floor ${name}`, tokensPerSecond / ((batch * bandwidth) / bytes));
}

function bareNameOf(name: string): string {
  return name.replace(' ', ' bare ');
}

function record(name: string, measurement: number): void {
  (measurements[name] ??= []).push(measurement);
}

/** Random weights leave near ties, which int8 activations and llama.cpp's decide differently. */
async function compareAnswers(): Promise<void> {
  const prompts = Array.from({ length: EQUAL_PROMPTS }, (_, at) => promptIds(at, 5 + 9 * at));
  const own = await systemOf('runfleet').continue(prompts, EQUAL_TOKENS);
  for (const name of ['stock', 'transformers.js', 'llama.cpp']) {
    const theirs = await systemOf(name).continue(prompts, EQUAL_TOKENS);
    const agreed = own.map((ids, at) => firstDifference(ids, theirs[at] ?? []));
    const whole = agreed.filter((count) => count === EQUAL_TOKENS).length;
    const tokens = agreed.reduce((sum, count) => sum + count, 0);
    say(
      `${name}: ${whole} of ${prompts.length} answers of ${EQUAL_TOKENS} tokens equal; ${tokens} of ${prompts.length * EQUAL_TOKENS} tokens before the first difference.`,
    );
  }
}

function firstDifference(left: readonly number[], right: readonly number[]): number {
  const at = left.findIndex((id, index) => id !== right[index]);
  return at < 0 ? left.length : at;
}

function print(parts: readonly Part[]): void {
  const rates: Row[] = parts
    .filter(({ do: what }) => what !== 'stall')
    .flatMap(({ name, do: what }) => (what === 'cost' ? [name, bareNameOf(name)] : [name]))
    .map((name) => [name, spread(name, 1), '']);
  const ratios: Row[] = RATIOS.filter((row) => !short || !row.peers).map((row) => [
    row.name,
    spreadOf(ratio(measurements[row.over] ?? [], measurements[row.under] ?? []), 2),
    row.target,
  ]);
  const others: Row[] = MEASUREMENTS.map(([name, measurement, target]) => [
    name,
    spread(measurement, 2),
    target,
  ]);
  say(`\nDecoding, tokens a second, sequences@context: median of ${rounds} rounds (least to most)`);
  say(table(rates));
  say(`\nMemory, read by ${threads} threads: ${spread('GB a second read', 1)} GB/s`);
  say('\nRatios within a round');
  say(table([...ratios, ...others]));
}

function spread(name: string, decimals: number): string {
  return spreadOf(measurements[name] ?? [], decimals);
}

function systemOf(name: string): System {
  const system = started.get(name);
  if (!system) throw new Error(`${name} was not started.`);
  return system;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      short: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      peers: { type: 'string', default: join(homedir(), '.cache/runfleet/engine-peers') },
      threads: { type: 'string', default: String(availableParallelism()) },
      json: { type: 'string' },
    },
  });
  return values;
}
