import {
  type MemoryDatabase,
  openMemoryPoolReads,
  openMemoryTaskStore,
} from '@runfleet/tasks/memory';

import { readUnderLocks, type Subject, recordingQueue } from './subject.ts';

/** The store in memory, on a clock that the test sets. */
export function memorySubject(database: MemoryDatabase): Subject {
  const sent: unknown[] = [];
  const store = openMemoryTaskStore({ database, queue: recordingQueue(sent) });
  return {
    store,
    reads: openMemoryPoolReads(database, async (transaction) => transaction()),
    sent,
    async setPulse(n) {
      database.pulse = { ...database.pulse, n };
    },
    async readAll(ids) {
      const taskIds = [...database.tasks.keys()];
      return {
        ...(await readUnderLocks(store, { ...ids, taskIds })),
        results: taskIds.map((id) => {
          const patch = database.tasks.get(id)?.patch;
          return {
            id,
            debugOutput: patch?.debugOutput ?? '',
            debugError: patch?.debugError ?? '',
            outputs: patch?.outputs ?? [],
            receipt: patch?.receipt ?? null,
          };
        }),
        events: taskIds.flatMap((id) => database.events.get(id) ?? []),
        accounts: [...database.accounts].map(([id, account]) => ({ id, ...account })),
        limitCounts: [...database.limitCounts.values()].toSorted(byName),
        transfers: [...database.transfers.values()]
          .filter(({ taskId }) => taskId !== null)
          .toSorted(byKey),
        keys: [...database.knownRuns]
          .map(([name, { id }]) => ({ name, id }))
          .toSorted((one, other) => (one.name < other.name ? -1 : 1)),
      };
    },
  };
}

export const byKey = (one: { businessKey: string }, other: { businessKey: string }) =>
  one.businessKey < other.businessKey ? -1 : 1;

export const byName = (one: { name: string }, other: { name: string }) =>
  one.name < other.name ? -1 : 1;
