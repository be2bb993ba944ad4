import { parseArgs } from 'node:util';

import { migrateDb } from '@runfleet/db';

import { runWithUsage } from './cli/with-usage.ts';
import { readDatabaseUrl } from './operate/open-database.ts';

const USAGE = `runfleet migrate

Updates the schema of the database that DATABASE_URL names, else of a running \`npm start\`.
`;

/** `runfleet migrate`: updates the database's schema. */
export function migrate(args: readonly string[]): Promise<void> {
  return runWithUsage(USAGE, args, migrateGiven);
}

async function migrateGiven(args: readonly string[]): Promise<void> {
  // Refuses any argument, so that a mistyped command changes nothing.
  parseArgs({ args: [...args], options: {} });
  await migrateDb(await readDatabaseUrl());
  process.stderr.write('The schema is up to date.\n');
}
