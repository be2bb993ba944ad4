import type { Db } from '@runfleet/db';

export type TurnEnd = { changed: number } | { error: string; isTimeout: boolean };

const ERROR_CHARACTERS_MAX = 500;

/** Records the outcome of an attempt, unless a later one has begun. */
export async function endTurn(
  ctx: { db: Db },
  { name, attemptId }: { name: string; attemptId: string },
  end: TurnEnd,
): Promise<void> {
  const { sql } = ctx.db;
  const outcome =
    'changed' in end
      ? sql`state = 'succeeded', changed = ${end.changed}, error = '', failures = 0,
          succeeded_at = clock_timestamp()`
      : sql`state = ${end.isTimeout ? 'timed_out' : 'failed'}, failures = failures + 1,
          error = ${end.error.replaceAll('\0', '').slice(0, ERROR_CHARACTERS_MAX)}`;
  await sql`
    update upkeep_runs set ended_at = clock_timestamp(), ${outcome}
    where name = ${name} and attempt_id = ${attemptId} and state = 'running'`;
}
