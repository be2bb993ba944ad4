import type { Db } from '@runfleet/db';

/** `attemptId` ends the attempt. A turn that is not claimed is over, or looks again after a pause. */
export type Claim = { attemptId: string } | 'over' | { againAfterMs: number };

type Turn = { name: string; slot: number; limitSeconds: number };

/**
 * Accepts a turn for a later slot than the last one, or the same slot again if the attempt at it
 * failed or is past its limit. Two attempts at once are possible then: a job must allow that.
 */
export async function claimTurn(ctx: { db: Db }, turn: Turn): Promise<Claim> {
  const { sql } = ctx.db;
  const { name, slot, limitSeconds } = turn;
  const until = sql`clock_timestamp() + make_interval(secs => ${limitSeconds})`;
  // The conflict locks the row, so of two claims the second one sees the first.
  const [claimed] = await sql<{ attemptId: string }[]>`
    insert into upkeep_runs as r (name, slot, attempt_id, state, attempts, started_at, leased_until)
    values (${name}, ${slot}, gen_random_uuid(), 'running', 1, clock_timestamp(), ${until})
    on conflict (name) do update set
      slot = excluded.slot, attempt_id = excluded.attempt_id, state = 'running',
      attempts = case when r.slot = excluded.slot then r.attempts + 1 else 1 end,
      started_at = excluded.started_at, leased_until = excluded.leased_until, ended_at = null
    where (r.state <> 'running' or r.leased_until <= clock_timestamp())
      and (r.slot < excluded.slot or r.slot = excluded.slot and r.state <> 'succeeded')
    returning attempt_id as "attemptId"`;
  if (claimed) return claimed;
  const [row] = await sql<{ isSameSlot: boolean; state: string; leftMs: number }[]>`
    select slot = ${slot} as "isSameSlot", state,
      greatest(0, extract(epoch from leased_until - clock_timestamp()) * 1000)::float8 as "leftMs"
    from upkeep_runs where name = ${name}`;
  // Of its own slot, it waits whether the attempt dies. A turn of another slot will come or has come.
  return row?.isSameSlot && row.state === 'running'
    ? { againAfterMs: Math.ceil(row.leftMs) + 1 }
    : 'over';
}
