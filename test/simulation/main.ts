/** `pnpm sim`: runs many lives of the whole system under faults, one per seed. See docs/simulation.md. */
import { optionsOrUsage } from '@runfleet/testing/options-or-usage';

import { catchBugs } from './catch-bugs.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { replayLives } from './replay/replay-lives.ts';
import { missingCounts, writeBroken, writeCounts, writeSummary } from './report.ts';
import { runLives } from './run-lives.ts';
import { simulate } from './simulate.ts';

const PROGRESS_SEEDS = 1_000;

const print = (text: string) => process.stdout.write(text);

const options = optionsOrUsage(readOptions, USAGE);
if (options) process.exitCode = (await run(options)) ? 0 : 1;

async function run(options: Options): Promise<boolean> {
  switch (options.run) {
    case 'bugs':
      return runBugs();
    case 'one seed':
      return runSeed(options);
    case 'seeds':
      return runSeeds(options);
    case 'real':
      return runReal(options);
  }
}

async function runSeeds(options: { from: number; seeds: number }): Promise<boolean> {
  const beganAt = performance.now();
  let done = 0;
  const lives = await runLives({
    ...options,
    onLife: () => {
      done += 1;
      if (done % PROGRESS_SEEDS === 0) print(`${done} seeds\n`);
    },
  });
  print(writeCounts(lives.counts));
  print(`${writeSummary(lives, (performance.now() - beganAt) / 1_000)}\n`);
  if (lives.broken) {
    print(writeBroken(lives.broken));
    return false;
  }
  const missing = missingCounts(lives.counts);
  for (const name of missing) print(`never happened: ${name}\n`);
  return missing.length === 0;
}

async function runReal(options: { from: number; seeds: number }): Promise<boolean> {
  const beganAt = performance.now();
  const onProgress = (step: string) => print(`${step}\n`);
  const { lives, transactions, redisSteps } = await replayLives({ ...options, onProgress });
  const seconds = ((performance.now() - beganAt) / 1_000).toFixed(1);
  print(
    `${lives} lives repeated in ${seconds} s: ${transactions} transactions on Postgres and ${redisSteps} operations on Redis gave the same answers and the same tables.\n`,
  );
  return true;
}

async function runSeed({ seed, trace }: { seed: number; trace: boolean }): Promise<boolean> {
  const life = await simulate({ seed, ...(trace && { trace: (line) => print(`${line}\n`) }) });
  print(
    writeBroken(life) || `Seed ${seed}: ${life.steps} steps, ${life.tasks} tasks, no law broken.\n`,
  );
  return life.broken === null;
}

async function runBugs(): Promise<boolean> {
  const results = await catchBugs();
  for (const { bug, caught } of results) {
    const how = caught ? `seed ${caught.seed}, step ${caught.step}: ${caught.law}` : 'NOT NOTICED';
    print(`${bug.padEnd(36)}${how}\n`);
  }
  return results.every(({ caught }) => caught !== null);
}
