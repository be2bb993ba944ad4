import { connectDb, type Sql } from '@runfleet/db';

import { type CheckContext, type Finding, problem, reasonOf, skipped } from '../check.ts';

const CONNECT_SECONDS = '2';
const STATEMENT_MS = '2000';

const MEND = 'Start it, or mend DATABASE_URL.';

/** Whether Postgres can be asked at all is its own check's finding; the others pass over it. */
const passOver = (): Finding => skipped('Postgres cannot be asked: see its own line');

/** Asks Postgres, or says why that cannot be. `judge` must not write. */
export async function askPostgres(
  { settings }: Pick<CheckContext, 'settings'>,
  judge: (sql: Sql) => Promise<Finding>,
  whenAway: (found: string, next: string) => Finding = passOver,
): Promise<Finding> {
  if (settings.databaseUrl === null) {
    return skipped('there is no DATABASE_URL, and no `npm start` runs');
  }
  if (!URL.canParse(settings.databaseUrl)) {
    return whenAway('DATABASE_URL is not a URL', 'Write it as postgres://user:password@host/name.');
  }
  const url = new URL(settings.databaseUrl);
  url.searchParams.set('connect_timeout', CONNECT_SECONDS);
  url.searchParams.set('statement_timeout', STATEMENT_MS);
  await using db = connectDb(url.href, { connections: 1, name: 'runfleet doctor' });
  const place = `Postgres at ${url.hostname || 'localhost'}:${url.port || '5432'}${url.pathname}`;
  try {
    await db.sql`select 1`;
  } catch (error) {
    return whenAway(`${place} cannot be asked: ${reasonOf(error)}`, MEND);
  }
  try {
    return await judge(db.sql);
  } catch (error) {
    return problem(`${place} refuses: ${reasonOf(error)}`, MEND);
  }
}
