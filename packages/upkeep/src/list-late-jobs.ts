import type { Db } from '@runfleet/db';

/** A turn that begins later than this after the start of its period was lost. */
const LATE_MS = 15_000;

type Schedule = { name: string; everyMs: number };

/** The jobs that have not begun for the period before `nowMs`, or whose process died; each with its slot. */
export async function listLateJobs<S extends Schedule>(
  ctx: { db: Db },
  schedules: readonly S[],
  nowMs: number,
): Promise<{ schedule: S; slot: number }[]> {
  const rows = await ctx.db.sql<
    { name: string; slot: string; hasEnded: boolean; isDead: boolean }[]
  >`
    select name, slot, state <> 'running' as "hasEnded",
      state = 'running' and leased_until <= clock_timestamp() as "isDead"
    from upkeep_runs`;
  const lastOf = new Map(rows.map((row) => [row.name, row]));
  return schedules.flatMap((schedule) => {
    const { name, everyMs } = schedule;
    const last = lastOf.get(name);
    const dueSlot = Math.floor((nowMs - LATE_MS) / everyMs) * everyMs;
    const isOnTime = last && !last.isDead && (!last.hasEnded || Number(last.slot) >= dueSlot);
    if (isOnTime) return [];
    return [{ schedule, slot: Math.floor(nowMs / everyMs) * everyMs }];
  });
}
