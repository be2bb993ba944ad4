import type { Db, Sql } from '@runfleet/db';

import { type CheckContext, type Finding, ok, problem } from '../check.ts';
import { askPostgres } from './ask-postgres.ts';

const MAJOR_MINIMUM = 14;

export function checkPostgres(ctx: CheckContext): Promise<Finding> {
  return askPostgres(ctx, readVersion, problem);
}

async function readVersion(sql: Sql, _db: Db, isPooled: boolean): Promise<Finding> {
  const [row] = await sql<{ version: string; number: string }[]>`
    select current_setting('server_version') as version,
      current_setting('server_version_num') as number`;
  const found = judgePostgres(row?.version ?? 'unknown', Number(row?.number ?? 0));
  return isPooled ? { ...found, found: `${found.found}, behind a pooler` } : found;
}

/** `number` is `server_version_num`: 150018 for 15.18. */
export function judgePostgres(version: string, number: number): Finding {
  return Math.trunc(number / 10_000) >= MAJOR_MINIMUM
    ? ok(`Postgres ${version}`)
    : problem(
        `Postgres ${version}; ${MAJOR_MINIMUM} or newer is needed`,
        'Upgrade it, or set DATABASE_URL to a newer server.',
      );
}
