import type { Db } from '@runfleet/db';
import type { TaskEvent, TaskEventType, TaskStatus } from '@runfleet/protocol';

/**
 * One read of a task's log. `head` is the task's last seq, even if its event is not on this page.
 */
export type LogPage = { head: number; status: TaskStatus; events: TaskEvent[] };

/** Up to `limit` events of a task after `afterSeq`, in seq order. */
export async function readEvents(
  ctx: { db: Pick<Db, 'sql'> },
  taskId: string,
  afterSeq: number,
  limit: number,
): Promise<TaskEvent[]> {
  const rows = await ctx.db.sql<EventRow[]>`
    select task_id, seq, epoch, type, payload, at
    from task_events
    where task_id = ${taskId} and seq > ${afterSeq}
    order by seq
    limit ${limit}`;
  return rows.map(eventOf);
}

/**
 * Pages of several logs in one statement; null for a missing task. One statement sees one
 * snapshot, so a page is complete up to its `head` or its limit, unless retention dropped events.
 */
export async function readPages(
  ctx: { db: Pick<Db, 'sql'> },
  wanted: readonly { taskId: string; afterSeq: number }[],
  limit: number,
): Promise<(LogPage | null)[]> {
  const rows = await ctx.db.sql<(EventRow & { place: number; head: number; status: TaskStatus })[]>`
    select wanted.place::int, task.seq as head, task.status,
      task.id as task_id, event.seq, event.epoch, event.type, event.payload, event.at
    from unnest(
      ${wanted.map(({ taskId }) => taskId)}::bigint[],
      ${wanted.map(({ afterSeq }) => afterSeq)}::int[]
    ) with ordinality as wanted (task_id, after_seq, place)
    join tasks as task on task.id = wanted.task_id
    left join lateral (
      select seq, epoch, type, payload, at
      from task_events
      where task_id = wanted.task_id and seq > wanted.after_seq
      order by seq
      limit ${limit}
    ) as event on true
    order by wanted.place, event.seq`;

  const pages = wanted.map((): LogPage | null => null);
  for (const row of rows) {
    const page = (pages[row.place - 1] ??= { head: row.head, status: row.status, events: [] });
    // The left join found no event.
    if (row.seq !== null) page.events.push(eventOf(row));
  }
  return pages;
}

type EventRow = {
  task_id: string;
  seq: number | null;
  epoch: number;
  type: TaskEventType;
  payload: unknown;
  at: bigint;
};

function eventOf(row: EventRow): TaskEvent {
  const { task_id: taskId, seq, epoch, type, payload, at } = row;
  // Only `packages/tasks` writes the log, from values of this type.
  return { taskId, seq, epoch, type, payload, at } as TaskEvent;
}
