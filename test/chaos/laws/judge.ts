import type { Seen, SeenCopy } from '../seen.ts';
import { checkCalls, type KnownTask } from './check-calls.ts';
import { checkCopy } from './check-copy.ts';
import { checkRest, type Rest } from './check-rest.ts';
import { checkTask } from './check-task.ts';
import type { Broken } from './laws.ts';
import type { TaskRecord } from './task-record.ts';

export type Verdict = {
  broken: Broken[];
  /** When tasks ended, in ms since 1970. */
  ends: number[];
  /** How many tasks there are of each kind that the report tells of. */
  counts: { tasks: number; requeued: number; byOutcome: Map<string, number> };
};

/** Holds everything that clients saw and everything that is stored against all laws. */
export async function judge(
  seen: Seen,
  tasks: AsyncIterable<TaskRecord> | Iterable<TaskRecord>,
  rest: Rest,
): Promise<Verdict> {
  const copies = new Map<string, SeenCopy[]>();
  for (const copy of seen.copies) {
    copies.set(copy.taskId, [...(copies.get(copy.taskId) ?? []), copy]);
  }
  const broken: Broken[] = [];
  const known: KnownTask[] = [];
  const ends: number[] = [];
  const counts: Verdict['counts'] = { tasks: 0, requeued: 0, byOutcome: new Map() };
  for await (const task of tasks) {
    broken.push(...checkTask(task));
    for (const copy of copies.get(task.id) ?? []) broken.push(...checkCopy(copy, task));
    // Not the log: those of all tasks together would not fit into memory.
    const { id, organisationId, name, token, status, outcome, finishReason, output } = task;
    known.push({ id, organisationId, name, token, status, outcome, finishReason, output });
    if (task.endedAt !== null) ends.push(task.endedAt);
    const ending = outcome ?? task.status;
    counts.tasks += 1;
    counts.byOutcome.set(ending, (counts.byOutcome.get(ending) ?? 0) + 1);
    if (task.events.filter(({ type }) => type === 'task_queue').length > 1) counts.requeued += 1;
  }
  broken.push(...checkCalls(seen, known), ...checkRest(rest));
  return { broken, ends, counts };
}
