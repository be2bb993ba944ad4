import type { Transaction } from '@runfleet/db';

import type { NewTaskPlan } from '../life/new-task.ts';
import type { ResultPatch } from '../life/task-state.ts';
import { columnSet } from './column-set.ts';
import type { Use } from './task-record.ts';
import { createdFields, insertRows, writeEvents } from './task-statements.ts';

const ALL = columnSet<Use>('create', 'decide', 'change', 'end');
const NO_RESULT = { debugOutput: '', debugError: '', outputs: [], receipt: null };

/** A task whose whole life is known already: its plan, as far as it was carried, and its result. */
export type ImportedTask = { readonly plan: NewTaskPlan; readonly patch: ResultPatch | null };

/** Writes tasks with their logs: for demo data. The caller moves their money in the same transaction. */
export async function importTasks(tx: Transaction, tasks: readonly ImportedTask[]): Promise<void> {
  const rows = tasks.map(({ plan, patch }) =>
    ALL.write({ ...createdFields(plan), ...(patch ?? NO_RESULT) }, {}),
  );
  await insertRows(tx, ALL, rows);
  await writeEvents(
    tx,
    tasks.flatMap(({ plan }) => plan.events),
  );
}
