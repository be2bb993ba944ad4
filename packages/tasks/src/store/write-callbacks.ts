import { formatMoment, type Statement, type Transaction } from '@runfleet/db';

import type { EndedCallback } from '../life/task-state.ts';

/** One delivery for each task that ended and has an address, in the commit that ends it. */
export function writeCallbacks(tx: Transaction, callbacks: readonly EndedCallback[]): Statement {
  const rows = callbacks.map(({ taskId, organisationId, url, event, at }) => ({
    task_id: taskId,
    url,
    event,
    target: `${organisationId} ${new URL(url).origin}`,
    at: formatMoment(at),
  }));
  return tx`
    insert into callback_deliveries
      (organisation_id, project_id, task_id, event, url, target, due_at, created_at)
    select t.organisation_id, t.project_id, c.task_id, c.event, c.url, c.target, c.at, c.at
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as c(
      task_id bigint, url text, event text, target text, at timestamptz)
    join tasks t on t.id = c.task_id`;
}
