import { parseArgs } from 'node:util';

import { migrateDb } from '@runfleet/db';
import { loadConfig, sharedSettings } from '@runfleet/service';
import { z } from 'zod';

import { runWithUsage } from './cli/with-usage.ts';

const USAGE = `runfleet migrate

Updates the schema of the database that DATABASE_URL names.
`;

/** `runfleet migrate`: updates the database's schema. */
export function migrate(args: readonly string[]): Promise<void> {
  return runWithUsage(USAGE, args, migrateGiven);
}

async function migrateGiven(args: readonly string[]): Promise<void> {
  // Refuses any argument, so that a mistyped command changes nothing.
  parseArgs({ args: [...args], options: {} });
  const config = loadConfig(z.object({ DATABASE_URL: sharedSettings.DATABASE_URL }));
  await migrateDb(config.DATABASE_URL);
  process.stderr.write('The schema is up to date.\n');
}
