import type { Db } from '@runfleet/db';
import { type Outcome, parseUsd, type TaskStatus } from '@runfleet/protocol';
import { groupBy } from '@runfleet/service';

import type { LoggedEvent, TaskRecord } from './laws/task-record.ts';

const TASKS_PER_PAGE = 500;

type TaskColumns = {
  id: string;
  organisation_id: string;
  name: string;
  token: string;
  status: TaskStatus;
  epoch: number;
  seq: number;
  outcome: Outcome | null;
  finish_reason: string | null;
  debug_output: string;
  held: string;
  total_cost: string;
  is_in_slot: boolean;
  ended_ms: number | null;
};

type EventColumns = LoggedEvent & { task_id: string };

/** Every task with its log and its transfers, a page at a time. */
export async function* readTasks({ sql }: Db): AsyncGenerator<TaskRecord> {
  for (let after = '0'; ;) {
    const tasks = await sql<TaskColumns[]>`
      select id, organisation_id, parameters->>'user_id' as name, token, status, epoch, seq, outcome,
        receipt->>'finishReason' as finish_reason, debug_output, held, total_cost,
        worker_id is not null as is_in_slot,
        (extract(epoch from coalesce(postprocess_ended_at, cancelled_at)) * 1000)::float8 as ended_ms
      from tasks where id > ${after} order by id limit ${TASKS_PER_PAGE}`;
    const last = tasks.at(-1)?.id;
    if (last === undefined) return;
    const events = await sql<EventColumns[]>`
      select task_id, seq, epoch, type, payload->>'raw' as text
      from task_events where task_id > ${after} and task_id <= ${last} order by task_id, seq`;
    const transfers = await sql<{ task_id: string; business_key: string; amount: string }[]>`
      select task_id, business_key, amount from transfers
      where task_id > ${after} and task_id <= ${last}`;
    const eventsOf = groupBy(events, ({ task_id }) => task_id);
    const transfersOf = groupBy(transfers, ({ task_id }) => task_id);
    for (const row of tasks) {
      yield {
        id: row.id,
        organisationId: row.organisation_id,
        name: row.name,
        token: row.token,
        status: row.status,
        epoch: row.epoch,
        seq: row.seq,
        outcome: row.outcome,
        finishReason: row.finish_reason,
        output: row.debug_output,
        held: parseUsd(row.held),
        totalCost: parseUsd(row.total_cost),
        isInSlot: row.is_in_slot,
        endedAt: row.ended_ms,
        events: eventsOf.get(row.id) ?? [],
        transfers: (transfersOf.get(row.id) ?? []).map(({ business_key: key, amount }) => ({
          kind: key.slice(key.lastIndexOf(':') + 1),
          amount: parseUsd(amount),
        })),
      };
    }
    after = last;
  }
}
