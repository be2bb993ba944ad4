/** `pnpm abuse`: one tenant abuses a real stack, and another tenant's latency is measured. See docs/abuse.md. */
import { rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { makeTemporaryFolder } from '@runfleet/local-servers';
import { optionsOrUsage } from '@runfleet/testing/options-or-usage';

import { describeMachine } from '../bench/machine.ts';
import { judge, type Measured, RATIO_MAX, type Verdict } from './judge.ts';
import { Neighbour } from './neighbour.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { QuietTimes } from './quiet-times.ts';
import { describeAbuses, writeHead, writeMachine, writeVerdict } from './report.ts';
import { Stack } from './stack.ts';
import { RoleWatch } from './watch-roles.ts';

const WARM_MS = 2_000;
const QUIET_MS = { short: 6_000, full: 15_000 };
/** Before each abuse, so that both sides include the machine's other load. */
const QUIET_BETWEEN_MS = { short: 1_000, full: 4_000 };
/** The minimum time for which an abuse is measured. */
const MEASURED_MS = { short: 3_000, full: 8_000 };
const PATIENCE_MS = { short: 60_000, full: 150_000 };
/** The machine's other load slows the neighbour down, so the best of this many tries counts. */
const TRIES_MAX = 3;
const RECOVERY_MS = 30_000;
const RECOVERED_RUNS = 4;
const POLL_MS = 100;

// Exit handlers stop what was started; the default action of a signal would not run them.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

type Length = 'short' | 'full';
type Parts = { stack: Stack; neighbour: Neighbour; quiet: QuietTimes; length: Length };

const options = optionsOrUsage(readOptions, USAGE);
if (options?.list) process.stdout.write(describeAbuses());
else if (options) process.exitCode = (await run(options)) ? 0 : 1;

async function run({ isShort, names }: Options): Promise<boolean> {
  const folder = await makeTemporaryFolder('abuse');
  // A Postgres started by root runs as another user, which must enter the folder.
  await chmod(folder, 0o711);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  process.stdout.write(writeMachine(await describeMachine(folder)));
  const length = isShort ? 'short' : 'full';

  await using stack = await Stack.start(folder, { isShort });
  await using neighbour = new Neighbour(stack.fleet.client());
  await delay(WARM_MS);
  const quiet = new QuietTimes(neighbour);
  await quiet.measure(QUIET_MS[length]);
  process.stdout.write(writeHead({ runs: quiet.count, p95Ms: quiet.p95Ms }));

  let failed = 0;
  for (const name of names) {
    const verdict = await tryAbuse(name, { stack, neighbour, quiet, length });
    process.stdout.write(writeVerdict(verdict));
    if (verdict.broken.length > 0) failed += 1;
  }
  process.stdout.write(`${names.length - failed} passed, ${failed} failed\n`);
  return failed === 0;
}

/** Repeats an abuse that broke only the latency law. Any other broken law is final. */
async function tryAbuse(
  name: string,
  { stack, neighbour, quiet, length }: Parts,
): Promise<Verdict> {
  let best: Verdict | null = null;
  for (let tries = 1; ; tries += 1) {
    await quiet.measure(QUIET_BETWEEN_MS[length]);
    const measured = await inflict(name, { stack, neighbour, quietP95Ms: quiet.p95Ms, length });
    const verdict = judge(measured, quiet.p95Ms, RATIO_MAX[length]);
    if (best === null || verdict.ratio < best.ratio || !verdict.isOnlySlow) best = verdict;
    if (!verdict.isOnlySlow || tries === TRIES_MAX) return best;
  }
}

async function inflict(
  name: string,
  {
    stack,
    neighbour,
    quietP95Ms,
    length,
  }: { stack: Stack; neighbour: Neighbour; quietP95Ms: number; length: Length },
): Promise<Measured> {
  const before = await stack.countWorkers();
  const { ended } = await stack.inflict(name, PATIENCE_MS[length]);
  using watch = new RoleWatch(stack.roles, new URL(stack.fleet.apiUrl()).origin);
  const beganAt = performance.now();
  const [outcome] = await Promise.all([ended, delay(MEASURED_MS[length])]);
  const endedAt = performance.now();
  const runs = await neighbour.between(beganAt, endedAt);
  await stack.killLeftovers();
  const recoveredMs = await untilRecovered(neighbour, quietP95Ms, endedAt);

  const after = await stack.countWorkers();
  const lost = stack.roles
    .filter(({ isRunning }) => !isRunning)
    .map((role) => `${role.name} exited`);
  if (after.ready < before.ready) lost.push(`${before.ready - after.ready} workers were lost`);
  if (after.generations !== before.generations) lost.push('a worker was lost and came back');
  const { healthMs, residentBytes } = watch;
  return { name, outcome, runs, healthMs, residentBytes, lost, recoveredMs };
}

/** Time from `sinceMs` until the last Runs all took at most twice the quiet p95; null if they never did. */
async function untilRecovered(
  neighbour: Neighbour,
  quietP95Ms: number,
  sinceMs: number,
): Promise<number | null> {
  for (;;) {
    const later = neighbour.runs.filter(({ beganAt }) => beganAt >= sinceMs).slice(-RECOVERED_RUNS);
    const areQuick = later.every(
      ({ tookMs, hasSucceeded }) => hasSucceeded && tookMs <= 2 * quietP95Ms,
    );
    if (later.length === RECOVERED_RUNS && areQuick) return performance.now() - sinceMs;
    if (performance.now() - sinceMs > RECOVERY_MS) return null;
    await delay(POLL_MS);
  }
}
