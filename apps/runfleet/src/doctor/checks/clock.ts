import { type CheckContext, type Finding, ok, problem, skipped } from '../check.ts';
import { askPostgres } from './ask-postgres.ts';

/** Sessions use this machine's clock, tasks and money use that of Postgres. */
const DIFFERENCE_MS_MAX = 2_000;

export async function checkClock(ctx: CheckContext): Promise<Finding> {
  if (ctx.settings.databaseUrl === null) {
    return skipped('there is no Postgres to compare the clock with');
  }
  return askPostgres(ctx, async (sql) => {
    const before = ctx.now();
    const [row] = await sql<{ at: string }[]>`
      select (extract(epoch from clock_timestamp()) * 1000)::bigint::text as at`;
    const here = (before + ctx.now()) / 2;
    return judgeDifference(Math.round(here - Number(row?.at ?? 0)));
  });
}

/** The difference is positive if this machine's clock is ahead. */
export function judgeDifference(differenceMs: number): Finding {
  const seconds = (Math.abs(differenceMs) / 1_000).toFixed(1);
  const side = differenceMs < 0 ? 'behind' : 'ahead of';
  return Math.abs(differenceMs) <= DIFFERENCE_MS_MAX
    ? ok(`differs from Postgres by ${seconds} s`)
    : problem(
        `this machine is ${seconds} s ${side} Postgres`,
        'Synchronise both clocks (chrony, systemd-timesyncd).',
      );
}
