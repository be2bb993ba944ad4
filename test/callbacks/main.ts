/** `pnpm callbacks`: receivers that hang must not delay those that answer. */
import { parseArgs } from 'node:util';

import { connectDb, migrateDb } from '@runfleet/db';
import { optionsOrUsage } from '@runfleet/testing/options-or-usage';

import { bringServers, newName } from '../bench/systems/servers.ts';
import { deliverMany, type ManyPlan } from './deliver-many.ts';

const USAGE = `pnpm callbacks            10,000 callbacks to 100 receivers, of which 10 hang, beside a control
pnpm callbacks --short    1,000 callbacks
`;
/** How much longer the receivers that answer may wait because others hang. */
const RATIO_MAX = 2;

const options = optionsOrUsage(
  (args) => parseArgs({ args, options: { short: { type: 'boolean', default: false } } }).values,
  USAGE,
);
if (options) await measure(options.short);

async function measure(isShort: boolean): Promise<void> {
  await using servers = await bringServers((step) => process.stderr.write(`${step}\n`));
  const plan = { deliveries: isShort ? 1_000 : 10_000, endpoints: 100, hanging: 10, atOnce: 64 };
  const { endpoints, hanging } = plan;
  const control = {
    ...plan,
    deliveries: (plan.deliveries * (endpoints - hanging)) / endpoints,
    endpoints: endpoints - hanging,
    hanging: 0,
  };
  const seconds: number[] = [];
  for (const each of [control, plan]) {
    const result = await runIn(servers, each);
    seconds.push(result.seconds);
    const { arrived, wanted, received, hangingAtOnce } = result;
    process.stdout.write(
      `${each.hanging} of ${each.endpoints} receivers hang: ${arrived} of ${wanted} arrived in ` +
        `${result.seconds.toFixed(1)} s (${(arrived / result.seconds).toFixed(0)} /s), ${received} requests, ` +
        `at most ${hangingAtOnce} at once to one that hangs\n`,
    );
    if (arrived < wanted) process.exitCode = 1;
  }
  const ratio = (seconds[1] ?? 0) / (seconds[0] ?? 1);
  process.stdout.write(`Ratio ${ratio.toFixed(2)}, at most ${RATIO_MAX}.\n`);
  if (ratio > RATIO_MAX) process.exitCode = 1;
}

async function runIn(servers: Awaited<ReturnType<typeof bringServers>>, plan: ManyPlan) {
  const name = newName('callbacks');
  await servers.createDatabase(name);
  await servers.settle(0);
  await migrateDb(servers.databaseUrl(name));
  await using db = connectDb(servers.databaseUrl(name), { connections: 20 });
  // Awaited here, so that the database stays open.
  return await deliverMany({ db, redisUrl: servers.redisUrl(0) }, plan);
}
