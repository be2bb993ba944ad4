import type { Db } from '@runfleet/db';

import type { Broken } from './laws/laws.ts';

const TASKS_MAX = 3;

/** The logs of the first few tasks that broke a law, a line per event. */
export async function readLogs(
  { sql }: Db,
  broken: readonly Broken[],
): Promise<Map<string, string[]>> {
  const ids = new Set(broken.flatMap(({ taskId }) => taskId ?? []));
  const logs = new Map<string, string[]>();
  for (const id of [...ids].slice(0, TASKS_MAX)) {
    const rows = await sql<{ line: string }[]>`
      select format('    %s  %s  epoch %s  %s %s', to_char(at, 'HH24:MI:SS.MS'), seq, epoch, type, payload)
        as line
      from task_events where task_id = ${id} order by seq`;
    logs.set(
      id,
      rows.map(({ line }) => line),
    );
  }
  return logs;
}
