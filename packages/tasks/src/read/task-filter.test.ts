import { TASK_PARTS } from '@runfleet/protocol';
import { eventually } from '@runfleet/testing';
import { expect } from 'vitest';

import {
  CREATED_EVERY,
  FIRST_CREATED,
  RARE,
  RARE_MODEL,
  writeHistory,
} from '../testing-history.ts';
import { createTenant, testWithTasks } from '../testing.ts';
import { listTaskSummaries } from './list-tasks.ts';
import { countOf, EVERY_TASK, idsOfPage, type TaskFilter } from './task-filter.ts';

const HISTORY = 20_000;
const PAGE = { start: 0, limit: 20, order: 'DESC' } as const;

const test = testWithTasks.extend('history', async ({ db, tenant }) => {
  const [project] = await db.sql<{ id: string }[]>`
    insert into projects (organisation_id, owner_id, name, auth_type, key_hash, key_hint)
    values (${tenant.organisationId}, ${tenant.ownerId}, 'Other', 'apikey', 'other', 'hint')
    returning id`;
  const otherProjectId = project?.id ?? '';
  await writeHistory(db, tenant, { count: HISTORY, otherProjectId });
  // What is rare here is frequent elsewhere, so that Postgres expects to find some anywhere.
  const other = await createTenant(db);
  await writeHistory(db, other, { count: 5_000, otherProjectId: other.projectId });
  await db.sql`
    update tasks set outcome = 'failed', model_id = ${RARE_MODEL}
    where organisation_id = ${other.organisationId}`;
  // A snapshot that is still open hides pages from the planner's index-only scans.
  await eventually(async () => {
    await db.sql`vacuum analyze tasks`;
    const [pages] = await db.sql<{ hidden: number }[]>`
      select relpages - relallvisible as hidden from pg_class where relname = 'tasks'`;
    expect(pages?.hidden).toBe(0);
  });
  return { organisationId: tenant.organisationId, otherProjectId };
});

test('a filter counts and lists the tasks that match, and reads few others', async ({
  ctx,
  db,
  history,
}) => {
  const { organisationId, otherProjectId } = history;
  const window = {
    createdFrom: FIRST_CREATED + 301 * CREATED_EVERY,
    createdBefore: FIRST_CREATED + 331 * CREATED_EVERY,
  };
  const [some] = await db.sql<{ id: string }[]>`
    select id from tasks where organisation_id = ${organisationId} order by id offset 500 limit 1`;
  const cases: [Partial<TaskFilter>, number][] = [
    [{ part: 'queued' }, RARE.queued],
    [{ part: 'running' }, RARE.running],
    [{ part: 'failed' }, RARE.failed],
    [{ part: 'cancelled' }, RARE.cancelled],
    [{ modelIds: [RARE_MODEL] }, RARE.ofModel],
    [{ modelIds: [RARE_MODEL, '600'] }, RARE.ofModel],
    [{ modelIds: [] }, 0],
    [{ projectId: otherProjectId }, RARE.ofProject],
    [{ taskId: some?.id ?? '' }, 1],
    [{ taskId: some?.id ?? '', part: 'failed' }, 0],
    [window, 30],
    [{ createdBefore: FIRST_CREATED + 21 * CREATED_EVERY }, 20],
    [{ createdBefore: FIRST_CREATED + 2_001 * CREATED_EVERY, part: 'ended' }, 2_000 - 14],
    [{ ...window, part: 'ended' }, 30],
    [{ ...window, part: 'failed' }, 0],
    [{ projectId: otherProjectId, part: 'ended' }, RARE.ofProject],
    [{ projectId: otherProjectId, modelIds: [RARE_MODEL] }, 0],
  ];
  for (const [changes, total] of cases) {
    const filter = { ...EVERY_TASK, organisationId, ...changes };
    const listed = await listTaskSummaries(ctx, { ...filter, ...PAGE });
    expect({ changes, total: listed.total }).toEqual({ changes, total });
    expect(listed.tasks).toHaveLength(Math.min(total, PAGE.limit));
    const { sql } = db;
    const ids = await sql`explain (analyze, format json) ${idsOfPage(sql, filter, PAGE)}`;
    const count = await sql`explain (analyze, format json) select ${countOf(sql, filter)}`;
    const read = [rowsRead(ids[0]), rowsRead(count[0])];
    // The live tasks are few, and are read for filters that are about ended ones, too.
    expect({ changes, read: Math.max(...read) <= 2 * total + 40 ? 'few' : read }).toEqual({
      changes,
      read: 'few',
    });
  }
});

test('every task is in exactly one part of its life', async ({ ctx, history }) => {
  const { organisationId } = history;
  const totals = await Promise.all(
    TASK_PARTS.map(async (part) => {
      const filter = { ...EVERY_TASK, organisationId, part };
      return (await listTaskSummaries(ctx, { ...filter, ...PAGE })).total;
    }),
  );
  expect(totals.reduce((sum, total) => sum + total)).toBe(HISTORY);
});

test('pages of a filtered list join without gaps in either order', async ({ ctx, history }) => {
  const { organisationId } = history;
  const filter = { ...EVERY_TASK, organisationId, createdBefore: FIRST_CREATED + 400 };
  for (const order of ['ASC', 'DESC'] as const) {
    const whole = await listTaskSummaries(ctx, { ...filter, start: 0, limit: 100, order });
    const ids = whole.tasks.map(({ id }) => id);
    const pages = [];
    for (let start = 0; start < whole.total; start += 7) {
      const page = await listTaskSummaries(ctx, { ...filter, start, limit: 7, order });
      pages.push(...page.tasks.map(({ id }) => id));
    }
    expect(ids).toHaveLength(39);
    expect(pages).toEqual(ids);
    const ascending = ids.toSorted((a, b) => Number(a) - Number(b));
    expect(ids).toEqual(order === 'ASC' ? ascending : ascending.toReversed());
  }
});

type Plan = {
  'Node Type': string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Plan[];
};

/** The rows that the scans of an explained statement read, whether they matched or not. */
function rowsRead(row: Record<string, unknown> = {}): number {
  const [{ Plan: plan }] = row['QUERY PLAN'] as [{ Plan: Plan }];
  const sum = (node: Plan): number => {
    const isScan = /^(?:Index|Seq|Bitmap|Tid)/.test(node['Node Type']);
    const rows =
      node['Actual Rows'] +
      (node['Rows Removed by Filter'] ?? 0) +
      (node['Rows Removed by Index Recheck'] ?? 0);
    const own = isScan ? rows * node['Actual Loops'] : 0;
    return own + (node.Plans ?? []).reduce((all, inner) => all + sum(inner), 0);
  };
  return sum(plan);
}
