/** `pnpm chaos` kills real processes under load and checks that nothing is lost. See docs/chaos.md. */
import { rmSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { makeTemporaryFolder } from '@runfleet/local-servers';
import { optionsOrUsage } from '@runfleet/testing/options-or-usage';

import { Callers } from './callers.ts';
import { ChaosFleet } from './chaos-fleet.ts';
import { inflictFaults } from './inflict-faults.ts';
import { judge } from './laws/judge.ts';
import { measureRecovery } from './measure-recovery.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { type Fault, planFaults } from './plan-faults.ts';
import { readLogs } from './read-logs.ts';
import { readRest } from './read-rest.ts';
import { readTasks } from './read-tasks.ts';
import { writeBroken, writeReport } from './report.ts';

const REST_MS_MAX = 120_000;
const FOLLOWING_MS_MAX = 20_000;

// Exit handlers stop what was started; the default action of a signal would not run them.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const beganAt = performance.now();
const options = optionsOrUsage(readOptions, USAGE);
if (options) process.exitCode = (await run(options)) ? 0 : 1;

async function run({ seed, forMs, everyMs }: Options): Promise<boolean> {
  const folder = await makeTemporaryFolder('chaos');
  // A Postgres started by root runs as another user, which must enter the folder.
  await chmod(folder, 0o711);
  const logFolder = join(folder, 'logs');
  await mkdir(logFolder);
  const plan = planFaults({ seed, forMs, everyMs });
  say(`seed ${seed}: ${plan.length} faults; starting the servers and the roles`);
  // Also runs after a signal. The servers exit when their folder is gone.
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  process.once('exit', remove);
  let isHealthy = false;
  try {
    isHealthy = await harass({ seed, plan, folder, logFolder });
  } finally {
    // Keep the logs when a law is broken.
    if (!isHealthy) process.off('exit', remove);
  }
  return isHealthy;
}

async function harass(options: {
  seed: number;
  plan: readonly Fault[];
  folder: string;
  logFolder: string;
}): Promise<boolean> {
  const { seed, plan, folder, logFolder } = options;
  await using fleet = await ChaosFleet.start(folder, logFolder);
  await using callers = new Callers(fleet, seed);
  say('under load');
  const faults = await inflictFaults(fleet, plan, ({ kind, target, forMs }) => {
    const length = forMs === 0 ? '' : ` for ${(forMs / 1_000).toFixed(1)} s`;
    say(`${target.padEnd(10)}${kind}${length}; ${callers.accepted} Runs accepted`);
  });
  await callers.endCalls();
  say('all faults are undone; waiting until all tasks have ended');
  const rest = await readRest(fleet, REST_MS_MAX);
  await callers.endFollowing(FOLLOWING_MS_MAX);
  say('checking');
  const { observed } = callers;
  const { broken, ends, counts } = await judge(observed, readTasks(fleet.db), rest);
  const recoveries = measureRecovery(faults, ends);
  process.stdout.write(`\n${writeReport({ recoveries, observed, counts })}\n`);
  for (const name of fleet.lateStops) say(`${name} took more than half a minute to stop`);
  if (broken.length === 0) say(`seed ${seed}: no law broken`);
  else {
    const logs = await readLogs(fleet.db, broken);
    process.stdout.write(writeBroken(broken, { seed, logFolder, logs }));
  }
  return broken.length === 0;
}

function say(step: string): void {
  const seconds = ((performance.now() - beganAt) / 1_000).toFixed(0);
  process.stdout.write(`${seconds.padStart(4)} s  ${step}\n`);
}
