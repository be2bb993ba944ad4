import { connectDb, type Db, findPooler, type Sql } from '@runfleet/db';

import { withinTransaction } from '../../within-transaction.ts';
import { type CheckContext, type Finding, problem, reasonOf, skipped } from '../check.ts';

const CONNECT_SECONDS = 2;
const STATEMENT_MS = '2000';

const REPAIR = 'Start it, or correct DATABASE_URL.';

/** The check `postgres` reports a failed connection; the other checks are skipped then. */
const skip = (): Finding => skipped('Postgres cannot be reached: see the check postgres');

/** Runs `judge` on Postgres in a transaction that is rolled back, or reports why that is impossible. */
export async function askPostgres(
  { settings }: Pick<CheckContext, 'settings'>,
  judge: (sql: Sql, db: Db, isPooled: boolean) => Promise<Finding>,
  whenAway: (found: string, next: string) => Finding = skip,
): Promise<Finding> {
  if (settings.databaseUrl === null) {
    return skipped('DATABASE_URL is not set, and no `npm start` is running');
  }
  if (!URL.canParse(settings.databaseUrl)) {
    return whenAway('DATABASE_URL is not a URL', 'Write it as postgres://user:password@host/name.');
  }
  const url = new URL(settings.databaseUrl);
  const place = `Postgres at ${url.hostname || 'localhost'}:${url.port || '5432'}${url.pathname}`;
  let isPooled: boolean;
  try {
    isPooled = await findPooler(url.href, { connectSeconds: CONNECT_SECONDS });
  } catch (error) {
    return whenAway(`${place} cannot be reached: ${reasonOf(error)}`, REPAIR);
  }
  url.searchParams.set('connect_timeout', String(CONNECT_SECONDS));
  await using db = connectDb(url.href, { connections: 1, name: 'runfleet doctor', isPooled });
  try {
    return await rollBack(db, async (within) => {
      await within.sql`select set_config('statement_timeout', ${STATEMENT_MS}, true)`;
      return judge(within.sql, within, isPooled);
    });
  } catch (error) {
    return problem(`${place} refuses: ${reasonOf(error)}`, REPAIR);
  }
}

/** Returns the result of `work` and rolls back its changes. */
async function rollBack<R>(db: Db, work: (db: Db) => Promise<R>): Promise<R> {
  let answer: { value: R } | null = null;
  const done = new Error('Roll back.');
  try {
    await withinTransaction(db, async (within) => {
      answer = { value: await work(within) };
      throw done;
    });
  } catch (error) {
    if (error !== done) throw error;
  }
  return (answer as unknown as { value: R }).value;
}
