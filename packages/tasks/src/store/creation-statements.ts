/** What the creation of tasks reads and writes besides the tasks themselves. */
import { formatMoment, type Statement, type Transaction } from '@runfleet/db';
import type { Micros } from '@runfleet/protocol';

import type { NewTask, NewTaskPlan } from '../life/new-task.ts';
import { idempotencyName, type KnownRun, type ProjectPolicy } from './plan-commit.ts';

/** By project. */
export async function readPolicies(
  tx: Transaction,
  projectIds: readonly string[],
): Promise<Map<string, ProjectPolicy>> {
  const rows = await tx<(ProjectPolicy & { id: string })[]>`
    select p.id, p.overflow, o.weight, o.running_limit as "runningLimit"
    from projects p join organisations o on o.id = p.organisation_id
    where p.id = any(${projectIds}::bigint[])`;
  return new Map(rows.map(({ id, ...policy }) => [id, policy]));
}

/** The tasks that the Runs' idempotency keys stand for already, by `idempotencyName`. */
export async function readKnownRuns(
  tx: Transaction,
  tasks: readonly NewTask[],
): Promise<Map<string, KnownRun>> {
  const keyed = tasks.flatMap(({ projectId, idempotency }) =>
    idempotency ? [{ project_id: projectId, key: idempotency.key }] : [],
  );
  if (keyed.length === 0) return new Map();
  const rows = await tx<
    { project_id: string; key: string; hash: Buffer; at: Micros; id: string; token: string }[]
  >`
    select k.project_id, k.key, k.request_hash as hash, k.created_at as at, t.id, t.token
    from json_to_recordset(${JSON.stringify(keyed)}::text::json) as asked(project_id bigint, key text)
    join idempotency_keys k using (project_id, key)
    join tasks t on t.id = k.task_id`;
  return new Map(
    rows.map(({ project_id, key, hash, at, id, token }) => [
      idempotencyName(project_id, key),
      { requestHash: hash, createdAt: at, id, token },
    ]),
  );
}

/** A key whose day is over stands for the new task from now on. */
export function writeIdempotencyKeys(tx: Transaction, plans: readonly NewTaskPlan[]): Statement[] {
  const rows = plans.flatMap(({ id, task, state }) =>
    task.idempotency
      ? [
          {
            project_id: task.projectId,
            key: task.idempotency.key,
            request_hash: `\\x${Buffer.from(task.idempotency.requestHash).toString('hex')}`,
            task_id: id,
            created_at: formatMoment(state.changedAt),
          },
        ]
      : [],
  );
  if (rows.length === 0) return [];
  return [
    tx`
      insert into idempotency_keys (project_id, key, request_hash, task_id, created_at)
      select project_id, key, request_hash, task_id, created_at
      from json_to_recordset(${JSON.stringify(rows)}::text::json) as k(project_id bigint, key text,
        request_hash bytea, task_id bigint, created_at timestamptz)
      on conflict (project_id, key) do update set request_hash = excluded.request_hash,
        task_id = excluded.task_id, created_at = excluded.created_at`,
  ];
}
