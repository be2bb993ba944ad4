import type { Transaction } from '@runfleet/db';
import type { TaskEvent } from '@runfleet/protocol';

import { NO_TIMES } from '../life/task-state.ts';
import { columnSet } from './column-set.ts';
import type { TaskFields, Use } from './task-record.ts';
import { insertRows, writeEvents } from './task-statements.ts';

const ALL = columnSet<Use>('create', 'decide', 'change', 'end');

/** Every column of a task. Moments that it never reached may be left out. */
export type ImportedTask = Omit<TaskFields<Use>, 'times'> & {
  times: Partial<TaskFields<Use>['times']>;
};

/**
 * Writes tasks whose whole life is known already, with their logs: for demo data. The caller moves
 * their money in the same transaction.
 */
export async function importTasks(
  tx: Transaction,
  tasks: readonly { task: ImportedTask; events: readonly TaskEvent[] }[],
): Promise<void> {
  const rows = tasks.map(({ task }) =>
    ALL.write({ ...task, times: { ...NO_TIMES, ...task.times } }, {}),
  );
  await insertRows(tx, ALL, rows);
  await writeEvents(
    tx,
    tasks.flatMap(({ events }) => events),
  );
}
