import type { Observations, ObservedCopy } from '../observations.ts';
import { checkCalls, type TaskSummary } from './check-calls.ts';
import { checkCopy } from './check-copy.ts';
import { checkRest, type Rest } from './check-rest.ts';
import { checkTask } from './check-task.ts';
import type { Broken } from './laws.ts';
import type { TaskRecord } from './task-record.ts';

export type Verdict = {
  broken: Broken[];
  /** When tasks ended, in ms since 1970. */
  ends: number[];
  /** Numbers of tasks, for the report. */
  counts: { tasks: number; requeued: number; byOutcome: Map<string, number> };
};

/** Checks everything that clients observed and everything that is stored against all laws. */
export async function judge(
  observed: Observations,
  tasks: AsyncIterable<TaskRecord> | Iterable<TaskRecord>,
  rest: Rest,
): Promise<Verdict> {
  const copies = new Map<string, ObservedCopy[]>();
  for (const copy of observed.copies) {
    copies.set(copy.taskId, [...(copies.get(copy.taskId) ?? []), copy]);
  }
  const broken: Broken[] = [];
  const known: TaskSummary[] = [];
  const ends: number[] = [];
  const counts: Verdict['counts'] = { tasks: 0, requeued: 0, byOutcome: new Map() };
  for await (const task of tasks) {
    broken.push(...checkTask(task));
    for (const copy of copies.get(task.id) ?? []) broken.push(...checkCopy(copy, task));
    // Without the logs: those of all tasks would not fit into memory.
    const { id, organisationId, name, token, status, outcome, finishReason, output } = task;
    known.push({ id, organisationId, name, token, status, outcome, finishReason, output });
    if (task.endedAt !== null) ends.push(task.endedAt);
    const ending = outcome ?? task.status;
    counts.tasks += 1;
    counts.byOutcome.set(ending, (counts.byOutcome.get(ending) ?? 0) + 1);
    if (task.events.filter(({ type }) => type === 'task_queue').length > 1) counts.requeued += 1;
  }
  broken.push(...checkCalls(observed, known), ...checkRest(rest));
  return { broken, ends, counts };
}
