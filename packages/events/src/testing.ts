/** Tasks for tests, written in SQL as `packages/tasks` would: rows and events in one statement. */
import { randomUUID } from 'node:crypto';

import type { Db } from '@runfleet/db';
import {
  answerEnd,
  type NewTaskEvent,
  newTaskToken,
  TASK_LIFE,
  type TaskEvent,
  type TaskStatus,
} from '@runfleet/protocol';

import { readEvents } from './read-events.ts';

type Ctx = { db: Pick<Db, 'sql'> };

export type StagedTask = { id: string; token: string };

/** A task without events yet. */
export async function stageTask(ctx: Ctx): Promise<StagedTask> {
  const token = newTaskToken();
  const [row] = await ctx.db.sql<{ id: string }[]>`
    insert into tasks (organisation_id, project_id, owner_id, token, model_id, pool, parameters, seed,
      timeout_seconds, status, epoch, seq, changed_at, queued_at, price_version, cps, held)
    values (1, 1, ${randomUUID()}, ${token}, 'microsoft/phi-3-5-mini-instruct', 'phi', '{}', 1,
      60, 'task_queue', 0, 0, now(), now(), 'test', 0.000585, 0)
    returning id`;
  if (!row) throw new Error('Postgres returned no row for the staged task.');
  return { id: row.id, token };
}

/** Appends events of `epoch` to a task and commits them. */
export async function stageEvents(
  ctx: Ctx,
  task: { id: string },
  events: readonly NewTaskEvent[],
  epoch = 0,
): Promise<TaskEvent[]> {
  const status = events
    .map(({ type }) => type)
    .findLast((type): type is TaskStatus => type in TASK_LIFE);
  const rows = events.map(({ type, payload }) => ({ type, payload }));
  const [moved] = await ctx.db.sql<{ seq: number }[]>`
    with moved as (
      update tasks
      set seq = seq + ${events.length}, epoch = ${epoch}, status = coalesce(${status ?? null}, status)
      where id = ${task.id}
      returning id, seq - ${events.length} as before
    ), added as (
      insert into task_events (task_id, seq, epoch, type, payload, at)
      select moved.id, moved.before + new.place, ${epoch}, new.event ->> 'type',
        nullif(new.event -> 'payload', 'null'), clock_timestamp()
      from moved, jsonb_array_elements(${ctx.db.sql.json(rows as never)}) with ordinality as new (event, place)
    )
    select before as seq from moved`;
  if (!moved) throw new Error(`There is no staged task ${task.id}.`);
  return readEvents(ctx, task.id, moved.seq, events.length);
}

/** The events of a task that answers `words`, one event per word. */
export function lifeOf(words: readonly string[]): NewTaskEvent[] {
  const text = words.join('');
  const end = answerEnd({
    finishReason: 'stop',
    promptTokens: 3,
    cachedTokens: 0,
    completionTokens: words.length,
    thinkingTokens: 0,
  });
  const state = (type: TaskStatus) => ({ type, payload: null }) as NewTaskEvent;
  return [
    ...(['task_queue', 'task_assign', 'task_accept'] as const).map(state),
    {
      type: 'task_cost',
      payload: { kind: 'hold', seconds: '0.0000', cost: '0.000000000000', held: '0.035100000000' },
    },
    ...(['task_preprocess_start', 'task_preprocess_end', 'task_start'] as const).map(state),
    ...words.map((raw, index): NewTaskEvent => ({
      type: 'task_output',
      payload: {
        raw,
        tokens: index + 1,
        elapsedMs: (index + 1) * 20,
        ...(index === words.length - 1 && { end }),
      },
    })),
    { type: 'task_output_full', payload: { raw: text, end } },
    ...(['task_end', 'task_postprocess_start'] as const).map(state),
    {
      type: 'task_cost',
      payload: {
        kind: 'settle',
        seconds: '1.0000',
        cost: '0.000585000000',
        held: '0.000000000000',
      },
    },
    {
      type: 'task_postprocess_end',
      payload: {
        outputs: [
          {
            contenttype: 'raw',
            content: { prompt: 'Hi', raw: text, thinking: [], answer: [text], ...end },
          },
        ],
        pexit: '0',
      },
    },
  ];
}
