import { migrateDb } from '@runfleet/db';
import { loadConfig, sharedSettings } from '@runfleet/service';
import { z } from 'zod';

/** Brings the database's schema up to date, and exits. */
export async function migrate(): Promise<void> {
  const config = loadConfig(z.object({ DATABASE_URL: sharedSettings.DATABASE_URL }));
  await migrateDb(config.DATABASE_URL);
  process.stderr.write('The schema is up to date.\n');
}
