/** What an older connection of a worker says can undo neither a drain nor a newer connection. */
import { describe, expect, test as pureTest } from 'vitest';

import { assignTasks } from '../assign-tasks.ts';
import { createTask } from '../create-task.ts';
import { aDescription, aTask, aWorker, testWithTasks as test } from '../testing.ts';
import {
  decideDrain,
  decideParole,
  decidePardon,
  decideQuarantine,
  decideReap,
  decideRegister,
  decideRenew,
  decideRetire,
  LEASE_PULSES,
  type WorkerState,
} from './decide-worker.ts';
import { drainWorker, registerWorker, renewWorker } from './worker-registry.ts';

const ID = '00000000-0000-4000-8000-000000000001';

describe('in whatever order connections, operators and brokers speak', () => {
  // A small congruential generator: the same traces in every run.
  let state = 7;
  const below = (n: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * n);
  };

  pureTest('a drained worker never gets tasks again, and its generation only rises', () => {
    let drained = 0;
    for (let trace = 0; trace < 300; trace++) {
      let worker: WorkerState | null = null;
      let pulse = 100;
      let isDrained = false;
      for (let step = 0; step < 40; step++) {
        pulse += below(3) === 0 ? below(2 * LEASE_PULSES) : 1;
        const snapshot = { pulse, bound: below(3) };
        const generation: number = Math.max(1, (worker?.generation ?? 1) - below(3));
        if (worker) worker.strikes = below(5);
        const next: WorkerState | undefined = [
          () => decideRegister(worker, { id: ID, host: 'h', slots: 4 }, snapshot),
          () => decideRenew(worker, { generation, seenPulse: below(pulse) }, snapshot),
          () => decideDrain(worker),
          () => decideReap(worker, snapshot),
          () => decideQuarantine(worker, snapshot),
          () => decideParole(worker, snapshot),
          () => decidePardon(worker),
          () => (below(4) === 0 ? decideRetire(worker) : undefined),
        ][below(8)]?.();
        if (!next) continue;
        expect(next.generation).toBeGreaterThanOrEqual(worker?.generation ?? 0);
        worker = next;
        const isOffDuty = next.state === 'draining' || next.state === 'stopped';
        expect(isOffDuty).toBe(isDrained || isOffDuty);
        isDrained ||= isOffDuty;
      }
      if (isDrained) drained += 1;
    }
    expect(drained).toBeGreaterThan(100);
  });

  pureTest('a renewal of an older connection changes nothing', () => {
    const first = decideRegister(null, { id: ID, host: 'h', slots: 4 }, { pulse: 1, bound: 0 });
    const second = decideRegister(first, { id: ID, host: 'h', slots: 4 }, { pulse: 2, bound: 0 });
    const renew = (generation: number) =>
      decideRenew(second, { generation, seenPulse: 2 }, { pulse: 9, bound: 0 });
    expect(renew(first.generation)).toBeUndefined();
    expect(renew(second.generation)).toMatchObject({ renewedPulse: 9, state: 'ready' });
  });
});

test('a drained worker that connects again is still drained, and gets no tasks', async ({
  store,
  tenant,
}) => {
  const { workerId: id, generation: first } = await aWorker(store);
  await drainWorker({ store }, { id });
  const again = { id, host: 'a-host', slots: 4, description: aDescription() };
  const { generation } = await registerWorker({ store }, again);
  expect(generation).toBe(first + 1);
  // The connection that is gone still has a renewal under way.
  expect(await renewWorker({ store }, { id, generation: first, seenPulse: 0 })).toBeNull();
  expect(await renewWorker({ store }, { id, generation, seenPulse: 0 })).not.toBeNull();

  const { id: taskId } = await createTask({ store }, aTask(tenant));
  for (const of of [first, generation]) {
    const placement = { taskId, workerId: id, generation: of };
    const { assigned, unplaced } = await assignTasks({ store }, [placement]);
    expect({ assigned, unplaced }).toEqual({ assigned: [], unplaced: [{ taskId }] });
  }
});

test('a late report of an older connection does not change which models the newer one has', async ({
  db,
  store,
}) => {
  const { workerId: id, generation } = await aWorker(store);
  const loaded = { pool: { bytes: 1 } };
  const again = { id, host: 'a-host', slots: 4, description: { ...aDescription(), loaded } };
  await registerWorker({ store }, again);
  await renewWorker({ store }, { id, generation, seenPulse: 0, loaded: {} });
  const [row] = await db.sql`select loaded from workers where id = ${id}`;
  expect(row).toEqual({ loaded });
});
