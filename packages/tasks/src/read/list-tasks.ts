/**
 * Lists of tasks. What a page holds is bounded here and in Postgres, since a task's inputs and answer
 * may be as large as a body, and a page has a hundred of them.
 */
import type { Db, Sql, Statement } from '@runfleet/db';

import { columnSet, selectList } from '../store/column-set.ts';
import type { TaskFields } from '../store/task-record.ts';
import { DETAIL, type TaskRow } from './read-task.ts';
import { countOf, idsOfPage, type TaskFilter } from './task-filter.ts';

export type TaskPage = TaskFilter & { start: number; limit: number; order: 'ASC' | 'DESC' };

/** A task whose texts are whole, or cut where they were beyond its share of the page. */
export type ListedTask = TaskRow & { isShortened: boolean };

/** Of the inputs, answers and outputs of a page; each task has an equal share. */
const PAGE_BYTES_MAX = 4_000_000;
/** To which the texts of a task are cut that has more than its share, and how many of its inputs stay. */
const CUT_CHARACTERS = 500;
const CUT_INPUTS = 64;

/** A page of an organisation's tasks by id, and how many match in all. */
export async function listTasks(
  ctx: { db: Db },
  page: TaskPage,
): Promise<{ total: number; tasks: ListedTask[] }> {
  const { sql } = ctx.db;
  const [total, tasks] = await Promise.all([
    countTasks(sql, page),
    readListed(ctx, idsOfPage(sql, page, page), page),
  ]);
  return { total, tasks };
}

/** The tasks whose ids a query gives, `limit` at most. */
export async function readListed(
  ctx: { db: Db },
  ids: Statement,
  { limit, order }: { limit: number; order: 'ASC' | 'DESC' },
): Promise<ListedTask[]> {
  const { sql } = ctx.db;
  const shareBytes = Math.floor(PAGE_BYTES_MAX / limit);
  const rows = await sql<{ isShortened: boolean }[]>`
    select ${sql.unsafe(WHOLE_FIELDS)}, is_shortened as "isShortened",
      case when is_shortened then ${cutInputs(sql)} else parameters end as parameters,
      case when is_shortened then ${cutOutputs(sql)} else outputs end as outputs,
      case when is_shortened then ${cutText(sql, sql`debug_output`)} else debug_output end as "debugOutput",
      case when is_shortened then ${cutText(sql, sql`debug_error`)} else debug_error end as "debugError"
    from (select * from tasks where id = any(array(${ids}))) t
    cross join lateral (
      select octet_length(parameters::text) + octet_length(outputs::text)
        + octet_length(debug_output) + octet_length(debug_error) > ${shareBytes} as is_shortened
      -- Computed once: as a part of each column that asks for it, the texts are read as often.
      offset 0
    ) size
    order by id ${order === 'ASC' ? sql`asc` : sql`desc`}`;
  return rows.map((row) => ({ ...DETAIL.read(row), isShortened: row.isShortened }));
}

/** What a table of tasks shows of one. */
export type TaskSummary = TaskFields<'summary'> & {
  /** The beginning of the last input; empty where it is no text. */
  prompt: string;
};

const SUMMARY = columnSet('summary');
const SUMMARY_CHARACTERS = 200;

/** The same page, without inputs and answers: for those who ask again and again. */
export async function listTaskSummaries(
  ctx: { db: Db },
  page: TaskPage,
): Promise<{ total: number; tasks: TaskSummary[] }> {
  const { sql } = ctx.db;
  const [total, rows] = await Promise.all([
    countTasks(sql, page),
    sql<{ prompt: string }[]>`
      select ${sql.unsafe(selectList(SUMMARY))},
        left(coalesce(nullif(parameters ->> 'prompt', ''),
          parameters #>> '{messages,-1,content,0,text}',
          parameters #>> '{messages,-1,content}',
          parameters #>> '{toolOutputs,-1,output}', ''), ${SUMMARY_CHARACTERS}) as prompt
      from (select * from tasks where id = any(array(${idsOfPage(sql, page, page)}))) t
      order by id ${page.order === 'ASC' ? sql`asc` : sql`desc`}`,
  ]);
  const tasks = rows.map((row) => ({ ...SUMMARY.read(row), prompt: row.prompt }));
  return { total, tasks };
}

const LONG_FIELDS: readonly string[] = ['parameters', 'outputs', 'debugOutput', 'debugError'];
const WHOLE_FIELDS = selectList({
  expressions: Object.fromEntries(
    Object.entries(DETAIL.expressions).filter(([field]) => !LONG_FIELDS.includes(field)),
  ),
});

async function countTasks(sql: Sql, page: TaskPage): Promise<number> {
  const [row] = await sql<{ total: string }[]>`select ${countOf(sql, page)} as total`;
  return Number(row?.total ?? 0);
}

/** Reads the text once, and of it no more than tells whether it is too long. */
function cutText(sql: Sql, text: Statement): Statement {
  return sql`(
    select case when length(head) > ${CUT_CHARACTERS}
      then left(head, ${CUT_CHARACTERS}) || '…' else head end
    from (select left(${text}, ${CUT_CHARACTERS + 1}) as head offset 0) text)`;
}

/** Texts are cut, and what is long and no text is left out. Keys stay in order. */
function cutInputs(sql: Sql): Statement {
  return sql`(
    select coalesce(json_object_agg(key, case when json_typeof(value) = 'string'
      then to_json(${cutText(sql, sql`(value #>> '{}')`)}) else value end), '{}')
    from (select * from json_each(parameters) limit ${CUT_INPUTS}) input
    where length(key) <= ${CUT_CHARACTERS}
      and (json_typeof(value) = 'string' or octet_length(value::text) <= ${CUT_CHARACTERS}))`;
}

/** The first item has the answer thrice, and may tell of each of its tokens. Files stay as they are. */
function cutOutputs(sql: Sql): Statement {
  return sql`(
    select coalesce(json_agg(case when item ->> 'contenttype' = 'raw'
      then json_strip_nulls(json_build_object('contenttype', 'raw', 'content', json_build_object(
        'prompt', ${cutText(sql, sql`(item #>> '{content,prompt}')`)},
        'raw', ${cutText(sql, sql`debug_output`)},
        'thinking', '[]'::json,
        'answer', json_build_array(${cutText(sql, sql`debug_output`)}),
        'calls', item #> '{content,calls}',
        'finishreason', item #> '{content,finishreason}',
        'usage', item #> '{content,usage}')))
      else item end), '[]')
    from json_array_elements(outputs) item)`;
}
