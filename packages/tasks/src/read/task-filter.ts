import type { Sql, Statement } from '@runfleet/db';
import { INITIAL_STATUS, type TaskPart } from '@runfleet/protocol';

/** Which tasks of an organisation a list contains. Null is no condition. */
export type TaskFilter = {
  organisationId: string;
  taskId: string | null;
  projectId: string | null;
  modelIds: readonly string[] | null;
  part: TaskPart | null;
  /** Unix seconds: created at this moment or later, and before this one. */
  createdFrom: number | null;
  createdBefore: number | null;
};

export const EVERY_TASK = {
  taskId: null,
  projectId: null,
  modelIds: null,
  part: null,
  createdFrom: null,
  createdBefore: null,
} as const satisfies Omit<TaskFilter, 'organisationId'>;

/**
 * The tasks of each part of a task's life. The conditions are constants in the statement, so that
 * Postgres uses the partial indexes of `tasks` that have the same conditions.
 */
export const PART_CONDITIONS: Readonly<Record<TaskPart, string>> = {
  queued: `outcome is null and status = '${INITIAL_STATUS}'`,
  running: `outcome is null and status <> '${INITIAL_STATUS}'`,
  ended: "outcome = 'succeeded'",
  failed: "outcome not in ('succeeded', 'cancelled')",
  cancelled: "outcome = 'cancelled'",
};

/** The sum of these disjoint conditions is every task that matches. */
function conditionsOf(sql: Sql, filter: TaskFilter): Statement[] {
  const { organisationId, taskId, projectId, modelIds, part } = filter;
  const { createdFrom, createdBefore } = filter;
  const common = sql`organisation_id = ${organisationId}
    ${taskId === null ? sql`` : sql`and id = ${taskId}`}
    ${projectId === null ? sql`` : sql`and project_id = ${projectId}`}
    ${modelIds === null ? sql`` : ofModels(sql, modelIds)}
    ${createdFrom === null ? sql`` : sql`and queued_at >= to_timestamp(${createdFrom})`}
    ${createdBefore === null ? sql`` : sql`and queued_at < to_timestamp(${createdBefore})`}`;
  if (part !== null) return [sql`${common} and ${sql.unsafe(PART_CONDITIONS[part])}`];
  const isPlain = projectId === null && modelIds === null && !hasWindow(filter);
  // The indexes for filters contain ended tasks only, so that a running task costs fewer entries.
  return isPlain || taskId !== null
    ? [common]
    : [sql`${common} and outcome is null`, sql`${common} and outcome is not null`];
}

/** How many tasks match, as an expression. */
export function countOf(sql: Sql, filter: TaskFilter): Statement {
  const counts = conditionsOf(sql, filter).map(
    (condition) => sql`(select count(*) from tasks where ${condition})`,
  );
  return counts.reduce((all, count) => sql`${all} + ${count}`);
}

/** The ids of one page of the tasks that match, as a query. */
export function idsOfPage(
  sql: Sql,
  filter: TaskFilter,
  { start, limit, order }: { start: number; limit: number; order: 'ASC' | 'DESC' },
): Statement {
  const direction = order === 'ASC' ? sql`asc` : sql`desc`;
  // No index has these matches in the order of the page. Without the fence Postgres may read the whole
  // history in that order until it has found enough of them.
  const isFenced = hasWindow(filter) || (filter.modelIds?.length ?? 1) > 1;
  const ids = conditionsOf(sql, filter).map((condition) => {
    const matching = isFenced
      ? sql`(select id from tasks where ${condition} offset 0) matching`
      : sql`tasks where ${condition}`;
    return sql`(select id from ${matching} order by id ${direction} limit ${start + limit})`;
  });
  return sql`
    select id from (${ids.reduce((all, some) => sql`${all} union all ${some}`)}) matching
    order by id ${direction} limit ${limit} offset ${start}`;
}

/** One model is an equality, for which an index is in the order of ids. */
function ofModels(sql: Sql, modelIds: readonly string[]): Statement {
  const [only] = modelIds;
  return modelIds.length === 1 && only !== undefined
    ? sql`and model_id = ${only}`
    : sql`and model_id = any(${modelIds})`;
}

function hasWindow({ createdFrom, createdBefore }: TaskFilter): boolean {
  return createdFrom !== null || createdBefore !== null;
}
