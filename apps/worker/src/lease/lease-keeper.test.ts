import { createLogger } from '@runfleet/service';
import { assignTasks, createTask, repair } from '@runfleet/tasks';
import { aTask, aWorker, testWithTasks } from '@runfleet/tasks/testing';
import { eventually } from '@runfleet/testing';
import { expect } from 'vitest';

import { LeaseKeeper } from './lease-keeper.ts';
import type { LeaseNotice } from './lease-messages.ts';

/** One pulse more than a lease lasts. */
const LEASE_PULSES_OVER = 16;
const CHECK_EVERY_MS = 20;
const LATE_MS = 100;

const test = testWithTasks.extend(
  'keep',
  ({ databaseUrl, store }, { onCleanup }) =>
    async (stallMsMax: number) => {
      const worker = await aWorker(store);
      const notices: LeaseNotice[] = [];
      const keeper = new LeaseKeeper({
        databaseUrl,
        workerId: worker.workerId,
        logger: createLogger({ role: 'worker', level: 'silent' }),
        timing: { checkEveryMs: CHECK_EVERY_MS, lateMs: LATE_MS, stallMsMax, waitMs: 60_000 },
        onNotice: (notice) => notices.push(notice),
      });
      onCleanup(() => keeper[Symbol.asyncDispose]());
      const noticed = (notice: LeaseNotice) =>
        eventually(async () => expect(notices).toContain(notice));
      await noticed('started');
      return { ...worker, keeper, notices, noticed };
    },
);

test('a worker whose main thread stalls keeps its lease and gets no new tasks', async ({
  db,
  store,
  tenant,
  keep,
}) => {
  const { keeper, workerId, generation } = await keep(60_000);
  keeper.renewed(generation);
  await db.sql`update pulse set n = n + ${LEASE_PULSES_OVER}`;
  stall(2_000);
  expect(await repair({ store }, 'silent-workers')).toBe(0);
  const { id } = await createTask({ store }, aTask(tenant));
  const placed = await assignTasks({ store }, [{ taskId: id, workerId, generation }]);
  expect(placed.unplaced).toEqual([{ taskId: id }]);
});

test('a worker whose main thread hangs loses its lease after a bounded time', async ({
  db,
  store,
  keep,
}) => {
  const { keeper, generation, noticed } = await keep(4 * LATE_MS);
  keeper.renewed(generation);
  await noticed('given up');
  await db.sql`update pulse set n = n + ${LEASE_PULSES_OVER}`;
  expect(await repair({ store }, 'silent-workers')).toBe(1);
});

test('a worker whose main thread recovered keeps its lease through the next stall as well', async ({
  keep,
}) => {
  const { keeper, generation, noticed, notices } = await keep(4 * LATE_MS);
  keeper.renewed(generation);
  await noticed('given up');
  notices.length = 0;
  keeper.renewed(generation);
  await noticed('kept');
});

test('a lost worker does not get its lease back', async ({ db, keep }) => {
  const { keeper, workerId, generation, notices, noticed } = await keep(4 * LATE_MS);
  await db.sql`update workers set state = 'lost' where id = ${workerId}`;
  keeper.renewed(generation);
  await noticed('given up');
  expect(notices).not.toContain('kept');
});

test('a lease is kept again after Postgres closed the connection', async ({ db, keep }) => {
  const { keeper, generation, notices, noticed } = await keep(60_000);
  keeper.renewed(generation);
  await noticed('kept');
  await db.sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'runfleet worker lease' and datname = current_database()`;
  notices.length = 0;
  await noticed('kept');
});

test('a lease thread that cannot start is logged and stops nothing else', async ({ db }) => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const keeper = new LeaseKeeper({
    databaseUrl: 'postgres://unknown:wrong@127.0.0.1:1/none',
    workerId: 'w',
    logger: createLogger({ role: 'worker', level: 'info', destination }),
    timing: { checkEveryMs: CHECK_EVERY_MS, lateMs: LATE_MS, stallMsMax: 1, waitMs: 1 },
  });
  await eventually(async () => expect(lines.join()).toContain('the lease thread failed'));
  await keeper[Symbol.asyncDispose]();
  expect(await db.sql`select 1 as one`).toEqual([{ one: 1 }]);
});

/** Blocks the thread, as a pattern that is slow to compile does. */
function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
