/** `pnpm chaos:waits` restarts an api under many Runs that wait for their answer. See docs/chaos.md. */
import { rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';

import { migrateDb } from '@runfleet/db';
import {
  makeTemporaryFolder,
  startBreakablePostgres,
  startBreakableRedis,
} from '@runfleet/local-servers';
import { optionsOrUsage } from '@runfleet/testing/options-or-usage';

import { Fleet } from '../../e2e/fleet.ts';
import { brokenMemory } from './broken-memory.ts';
import { type Ending, restartUnderWaits, type RoundReport } from './restart-under-waits.ts';

const USAGE = `pnpm chaos:waits [--clients N]   SIGTERM, SIGKILL and no end of the api under N waits (default 1000)
`;
const ENDINGS: readonly Ending[] = [
  'SIGTERM',
  'SIGKILL',
  'SIGTERM',
  'SIGKILL',
  'none',
  'none',
  'none',
  'none',
];
/** One project has all waits, and one address all connections. */
const SETTINGS = {
  API_WAITS_PER_PROJECT: '5000',
  API_CONNECTIONS_PER_ADDRESS: '20000',
  LOG_LEVEL: 'warn',
};

// Exit handlers stop what was started; the default action of a signal would not run them.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const options = optionsOrUsage(readOptions, USAGE);
if (options) process.exitCode = (await run(options.clients)) ? 0 : 1;

function readOptions(args: readonly string[]): { clients: number } {
  const { values } = parseArgs({
    args: [...args],
    options: { clients: { type: 'string', default: '1000' } },
  });
  const clients = Number(values.clients);
  if (Number.isInteger(clients) && clients > 0) return { clients };
  throw new Error(`--clients ${values.clients} is not a positive whole number.`);
}

async function run(clients: number): Promise<boolean> {
  const folder = await makeTemporaryFolder('chaos-waits');
  // A Postgres started by root runs as another user, which must enter the folder.
  await chmod(folder, 0o711);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  await using postgres = await startBreakablePostgres(folder);
  await using redis = await startBreakableRedis(folder);
  await migrateDb(postgres.url);
  await using fleet = await Fleet.start({
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    roles: { gateway: 0, worker: 0 },
    env: SETTINGS,
  });
  const rounds: RoundReport[] = [];
  for (const [index, ending] of ENDINGS.entries()) {
    const name = `round ${index + 1}`;
    const beganAt = performance.now();
    const round = await restartUnderWaits(fleet, { name, clients, ending });
    rounds.push(round);
    const seconds = ((performance.now() - beganAt) / 1_000).toFixed(1);
    const megabytes = (round.residentBytes / 2 ** 20).toFixed(1);
    process.stdout.write(
      `${name}: ${ending.padEnd(7)}  ${round.cut} of ${clients} cut, all repeated once; ` +
        `api ${megabytes} MiB; ${seconds} s, load ${loadavg()[0]?.toFixed(1)}\n`,
    );
    for (const law of round.broken) process.stdout.write(`  BROKEN: ${law}\n`);
  }
  const memory = brokenMemory(rounds);
  for (const law of memory) process.stdout.write(`BROKEN: ${law}\n`);
  const isHealthy = memory.length === 0 && rounds.every(({ broken }) => broken.length === 0);
  process.stdout.write(isHealthy ? 'No law was broken.\n' : 'Laws were broken.\n');
  return isHealthy;
}
