import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { z } from 'zod';

import { type CheckContext, type Finding, ok, problem } from '../check.ts';
import { askPostgres } from './ask-postgres.ts';

const journalSchema = z.object({ entries: z.array(z.object({ when: z.number() })) });

/** Whether the database has every migration that this code knows, and none that it does not. */
export function checkPostgresSchema(ctx: CheckContext): Promise<Finding> {
  return askPostgres(ctx, async (sql) => {
    const known = await readKnownMigrations();
    const [table] = await sql<{ name: string | null }[]>`
      select to_regclass('drizzle.__drizzle_migrations')::text as name`;
    if (!table?.name) return problem('there is no schema yet', 'Run: runfleet migrate');
    const rows = await sql<{ when: string }[]>`
      select created_at::text as when from drizzle.__drizzle_migrations`;
    const done = new Set(rows.map((row) => Number(row.when)));
    const missing = known.filter((when) => !done.has(when)).length;
    if (missing > 0) {
      return problem(
        `${missing} of ${known.length} migrations are missing`,
        'Run: runfleet migrate',
      );
    }
    const unknown = [...done].filter((when) => !known.includes(when)).length;
    if (unknown > 0) {
      return problem(
        `the schema is newer than this Runfleet by ${unknown} migrations`,
        'Run the Runfleet that migrated it, or a later one.',
      );
    }
    return ok(`up to date (migrations: ${known.length})`);
  });
}

async function readKnownMigrations(): Promise<number[]> {
  const front = createRequire(import.meta.url).resolve('@runfleet/db');
  const path = join(dirname(front), '..', 'migrations', 'meta', '_journal.json');
  const { entries } = journalSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  return entries.map(({ when }) => when);
}
