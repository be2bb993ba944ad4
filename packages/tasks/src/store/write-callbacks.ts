import { formatMoment, type Statement, type Transaction } from '@runfleet/db';

import type { EndedCallback } from '../life/task-state.ts';

/** A delivery for each task that ended: to its own address, and to each endpoint that takes the event. */
export function writeCallbacks(tx: Transaction, callbacks: readonly EndedCallback[]): Statement {
  const rows = callbacks.map(({ taskId, organisationId, url, event, at }) => ({
    task_id: taskId,
    url,
    event,
    target: url === null ? null : `${organisationId} ${new URL(url).origin}`,
    at: formatMoment(at),
  }));
  return tx`
    with ended as (
      select t.organisation_id, t.project_id, c.*
      from json_to_recordset(${JSON.stringify(rows)}::text::json) as c(
        task_id bigint, url text, event text, target text, at timestamptz)
      join tasks t on t.id = c.task_id
    )
    insert into callback_deliveries (organisation_id, project_id, task_id, endpoint_id, event, url,
      target, due_at, created_at)
    select organisation_id, project_id, task_id, null, event, url, target, at, at
    from ended where url is not null
    union all
    select c.organisation_id, c.project_id, c.task_id, e.id, c.event, e.url, e.target, c.at, c.at
    from ended c join callback_endpoints e on e.project_id = c.project_id
    where c.event = any(e.events)`;
}
