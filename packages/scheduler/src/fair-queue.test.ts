import { describe, expect, test } from 'vitest';

import { type FairTask, KEYS_AT_REST_MAX, PRIORITY_SECONDS_MAX } from './fair-queue-task.ts';
import { fairTrace, seededRandom } from './fair-queue-trace.ts';
import { FairQueue } from './fair-queue.ts';

const NOW = 1_700_000_000_000;
let lastId = 0;

const aTask = (organisationId: string, changes: Partial<FairTask> = {}): FairTask => {
  lastId += 1;
  return {
    organisationId,
    taskId: String(lastId),
    fairnessKey: '',
    priority: 0,
    cost: 1_000,
    queuedAt: NOW + lastId,
    weight: 1,
    runningLimit: null,
    ...changes,
  };
};

function fill(queue: FairQueue, count: number, make: () => FairTask): FairTask[] {
  const tasks = Array.from({ length: count }, make);
  for (const task of tasks) queue.insert(task);
  return tasks;
}

function pickAll(queue: FairQueue, count = Number.POSITIVE_INFINITY): FairTask[] {
  const picked: FairTask[] = [];
  for (let task = queue.pick(); task; task = queue.pick()) {
    picked.push(task);
    if (picked.length >= count) break;
  }
  return picked;
}

const tenantsOf = (tasks: readonly FairTask[]) =>
  tasks.map(({ organisationId }) => organisationId).join('');
const keysOf = (tasks: readonly FairTask[]) => tasks.map(({ fairnessKey }) => fairnessKey).join('');
const workOf = (tasks: readonly FairTask[], organisationId: string) =>
  tasks
    .filter((task) => task.organisationId === organisationId)
    .reduce((sum, { cost }) => sum + cost, 0);

describe('tenants', () => {
  test('tenants with equal tasks take turns, however many each has', () => {
    const queue = new FairQueue();
    fill(queue, 6, () => aTask('a'));
    fill(queue, 2, () => aTask('b'));
    expect(tenantsOf(pickAll(queue))).toBe('ababaaaa');
  });

  test('a tenant with long tasks gets as much slot-time as one with short tasks', () => {
    const queue = new FairQueue();
    fill(queue, 100, () => aTask('a', { cost: 5_000 }));
    fill(queue, 100, () => aTask('b', { cost: 1_000 }));
    expect(tenantsOf(pickAll(queue, 12))).toBe('abbbbbabbbbb');
  });

  test('slot-time is shared by weight', () => {
    const queue = new FairQueue();
    fill(queue, 400, () => aTask('a', { weight: 3 }));
    fill(queue, 400, () => aTask('b', { weight: 1 }));
    const picked = pickAll(queue, 400);
    expect(workOf(picked, 'a')).toBe(300_000);
    expect(workOf(picked, 'b')).toBe(100_000);
  });

  test('while two tenants wait, their shares differ by at most one task of each', () => {
    const random = seededRandom(3);
    for (let round = 0; round < 100; round++) {
      const queue = new FairQueue();
      const tenants = ['a', 'b', 'c'].map((id) => ({
        id,
        weight: 1 + Math.floor(random() * 4),
        costMax: 1 + Math.floor(random() * 60_000),
        got: 0,
      }));
      for (const { id, weight, costMax } of tenants) {
        fill(queue, 200, () => aTask(id, { weight, cost: 1 + Math.floor(random() * costMax) }));
      }
      let excess = Number.NEGATIVE_INFINITY;
      for (let picks = 0; picks < 200; picks++) {
        const task = queue.pick();
        const tenant = tenants.find(({ id }) => id === task?.organisationId);
        if (!task || !tenant) throw new Error('All tenants wait, so a task must be picked.');
        tenant.got += task.cost / tenant.weight;
        for (const other of tenants) {
          // Rounding tags to integers may add one unit per pick.
          const bound = tenant.costMax / tenant.weight + other.costMax / other.weight + picks + 1;
          excess = Math.max(excess, Math.abs(tenant.got - other.got) - bound);
        }
      }
      expect(excess).toBeLessThanOrEqual(0);
    }
  });

  test('a tenant that returns starts with the others: no share is saved up, none is owed', () => {
    const queue = new FairQueue();
    fill(queue, 100, () => aTask('a'));
    pickAll(queue, 50);
    fill(queue, 100, () => aTask('b'));
    expect(tenantsOf(pickAll(queue, 6))).toBe('bababa');
  });

  test('a tenant that leaves and returns at once gains nothing', () => {
    const queue = new FairQueue();
    fill(queue, 100, () => aTask('a'));
    const picked: FairTask[] = [];
    for (let i = 0; i < 50; i++) {
      queue.insert(aTask('b'));
      picked.push(...pickAll(queue, 2));
    }
    expect(workOf(picked, 'b')).toBe(workOf(picked, 'a'));
  });
});

describe('keys inside a tenant', () => {
  test('keys share their tenant’s turns by slot-time, and add nothing to its share', () => {
    const queue = new FairQueue();
    fill(queue, 20, () => aTask('a', { fairnessKey: 'x', cost: 2_000 }));
    fill(queue, 20, () => aTask('a', { fairnessKey: 'y', cost: 1_000 }));
    fill(queue, 20, () => aTask('b', { cost: 1_000 }));
    const picked = pickAll(queue, 30);
    expect(keysOf(picked.filter((task) => task.organisationId === 'a')).slice(0, 9)).toBe(
      'xyyxyyxyy',
    );
    expect(Math.abs(workOf(picked, 'a') - workOf(picked, 'b'))).toBeLessThanOrEqual(2_000);
  });

  test('a key that returns starts with the others', () => {
    const queue = new FairQueue();
    fill(queue, 20, () => aTask('a', { fairnessKey: 'x' }));
    pickAll(queue, 10);
    fill(queue, 20, () => aTask('a', { fairnessKey: 'y' }));
    expect(keysOf(pickAll(queue, 6))).toBe('yxyxyx');
  });

  test('slot-time beyond the expected cost is charged to the key', () => {
    const queue = new FairQueue();
    fill(queue, 20, () => aTask('a', { fairnessKey: 'x' }));
    fill(queue, 20, () => aTask('a', { fairnessKey: 'y' }));
    const [first] = pickAll(queue, 2);
    queue.release(first?.taskId ?? '', 4_000);
    expect(keysOf(pickAll(queue, 5))).toBe('yyyxy');
  });
});

describe('keys at rest', () => {
  /**
   * A busy tenant and `count` more keys at rest, `k0` with the lowest tag. The clock stands at 0, and
   * the plain key, if it is used, rests at 500.
   */
  function withRestingKeys(count: number, isPlainUsed: boolean): FairQueue {
    const queue = new FairQueue();
    const run = (fairnessKey: string, usedMs: number) => {
      queue.insert(aTask('a', { fairnessKey }));
      queue.release(queue.pick()?.taskId ?? '', usedMs);
    };
    queue.insert(aTask('a', { fairnessKey: 'busy', cost: 1_000_000 }));
    queue.pick();
    if (isPlainUsed) run('', 500);
    for (let n = 0; n < count; n++) run(`k${n}`, 1_000 + n);
    return queue;
  }

  test.for([true, false])(
    'beyond the bound, the named keys with the lowest tags start again at the clock (%s)',
    (isPlainUsed) => {
      for (const forgotten of [0, 1, 2]) {
        // The key of the running task is at rest, too.
        const queue = withRestingKeys(KEYS_AT_REST_MAX - 1 + forgotten, isPlainUsed);
        // At 500 after its first task: before the keys that are remembered.
        for (let n = 0; n < 2; n++) queue.insert(aTask('a', { fairnessKey: 'new', cost: 500 }));
        queue.pick();
        const named = ['k0', 'k1', 'k2'];
        const plain = isPlainUsed ? [''] : [];
        for (const fairnessKey of [...named.toReversed(), ...plain]) {
          queue.insert(aTask('a', { fairnessKey }));
        }
        expect(pickAll(queue).map(({ fairnessKey }) => fairnessKey)).toEqual([
          ...named.slice(0, forgotten),
          ...plain,
          'new',
          ...named.slice(forgotten),
        ]);
      }
    },
  );

  test('the plain key is forgotten once the clock has passed it, also beyond the bound', () => {
    const queue = withRestingKeys(KEYS_AT_REST_MAX + 1, true);
    for (let n = 0; n < 2; n++) queue.insert(aTask('a', { fairnessKey: 'x' }));
    expect(keysOf(pickAll(queue))).toBe('xx');
    // The clock stands at 1,000: the plain key ends at 1,700, and y at 1,500.
    queue.restoreRunning(aTask('a', { cost: 700 }));
    queue.insert(aTask('a', { fairnessKey: 'y', cost: 500 }));
    queue.pick();
    for (const fairnessKey of ['', 'y']) queue.insert(aTask('a', { fairnessKey }));
    expect(pickAll(queue).map(({ fairnessKey }) => fairnessKey)).toEqual(['y', '']);
  });
});

describe('head starts', () => {
  test('a line is ordered by time of queueing minus the head start', () => {
    const queue = new FairQueue();
    const plain = aTask('a', { queuedAt: NOW });
    const urgent = aTask('a', { queuedAt: NOW + 5_000, priority: 10 });
    const later = aTask('a', { queuedAt: NOW + 15_000, priority: 10 });
    for (const task of [plain, urgent, later]) queue.insert(task);
    expect(pickAll(queue).map(({ taskId }) => taskId)).toEqual(
      [urgent, plain, later].map(({ taskId }) => taskId),
    );
  });

  test('head starts are bounded, so that no task starves behind urgent ones', () => {
    const queue = new FairQueue();
    const plain = aTask('a', { queuedAt: NOW });
    queue.insert(plain);
    const boundMs = PRIORITY_SECONDS_MAX * 1_000;
    queue.insert(aTask('a', { queuedAt: NOW + boundMs + 1, priority: 1e9 }));
    expect(queue.pick()?.taskId).toBe(plain.taskId);
  });

  test('a head start gains nothing over other tenants', () => {
    const queue = new FairQueue();
    fill(queue, 4, () => aTask('a', { priority: PRIORITY_SECONDS_MAX }));
    fill(queue, 4, () => aTask('b'));
    expect(tenantsOf(pickAll(queue))).toBe('abababab');
  });

  test('of equal tasks the lower id goes first, compared as a number', () => {
    const queue = new FairQueue();
    for (const taskId of ['10', '9', '100']) queue.insert(aTask('a', { taskId, queuedAt: NOW }));
    expect(pickAll(queue).map(({ taskId }) => taskId)).toEqual(['9', '10', '100']);
  });
});

describe('limits', () => {
  test('a tenant at its limit is parked until one of its runs ends', () => {
    const queue = new FairQueue();
    fill(queue, 5, () => aTask('a', { runningLimit: 2 }));
    const [first] = pickAll(queue);
    expect([queue.running, queue.queued]).toEqual([2, 3]);
    queue.release(first?.taskId ?? '', 1_000);
    expect(pickAll(queue)).toHaveLength(1);
  });

  test('a parked tenant returns with the others, without the share that it missed', () => {
    const queue = new FairQueue();
    fill(queue, 50, () => aTask('a', { runningLimit: 1 }));
    fill(queue, 100, () => aTask('b'));
    const [first] = pickAll(queue, 20);
    queue.release(first?.taskId ?? '', 1_000);
    expect(tenantsOf(pickAll(queue, 4))).toBe('abbb');
  });

  test('the limit is that of the newest task', () => {
    const queue = new FairQueue();
    fill(queue, 3, () => aTask('a', { runningLimit: 1 }));
    expect(pickAll(queue)).toHaveLength(1);
    queue.insert(aTask('a', { runningLimit: 3 }));
    expect(pickAll(queue)).toHaveLength(2);
  });
});

describe('used slot-time', () => {
  test('a tenant whose tasks take longer than expected gets no more slot-time', () => {
    const queue = new FairQueue();
    fill(queue, 500, () => aTask('a'));
    fill(queue, 500, () => aTask('b'));
    const used = { a: 0, b: 0 };
    for (let i = 0; i < 440; i++) {
      const task = queue.pick();
      const id = task?.organisationId === 'a' ? 'a' : 'b';
      const usedMs = id === 'a' ? 10_000 : 1_000;
      used[id] += usedMs;
      queue.release(task?.taskId ?? '', usedMs);
    }
    expect(Math.abs(used.a - used.b)).toBeLessThanOrEqual(11_000);
  });

  test('a run is charged once: a second release of its task does nothing', () => {
    const once = new FairQueue();
    const twice = new FairQueue();
    for (const queue of [once, twice]) {
      lastId = 0;
      fill(queue, 9, () => aTask('a'));
      fill(queue, 9, () => aTask('b'));
      queue.pick();
    }
    expect(once.release('1', 5_000)).toBe(true);
    expect(twice.release('1', 5_000)).toBe(true);
    expect(twice.release('1', 5_000)).toBe(false);
    expect(tenantsOf(pickAll(twice))).toBe(tenantsOf(pickAll(once)));
  });

  test('a pool that comes to rest forgets its tags: all tenants start again equal', () => {
    const queue = new FairQueue();
    const [only] = fill(queue, 1, () => aTask('a'));
    queue.pick();
    queue.release(only?.taskId ?? '', 60_000);
    expect(queue.tenants).toBe(0);
    fill(queue, 3, () => aTask('a'));
    fill(queue, 3, () => aTask('b'));
    expect(tenantsOf(pickAll(queue))).toBe('ababab');
  });

  test('a tenant at rest is forgotten once the clock has passed its tag', () => {
    const queue = new FairQueue();
    fill(queue, 1, () => aTask('b'));
    fill(queue, 9, () => aTask('a'));
    for (let i = 0; i < 5; i++) queue.release(queue.pick()?.taskId ?? '', 1_000);
    expect(queue.tenants).toBe(1);
  });
});

describe('putting back', () => {
  test('putting back undoes the pick', () => {
    const [picked, never] = [new FairQueue(), new FairQueue()];
    for (const queue of [picked, never]) {
      const random = seededRandom(7);
      lastId = 0;
      fill(queue, 60, () => {
        const organisationId = String(Math.floor(random() * 5));
        const fairnessKey = random() < 0.5 ? '' : 'x';
        const cost = Math.ceil(random() * 9_000);
        return aTask(organisationId, {
          fairnessKey,
          cost,
          weight: 1 + (Number(organisationId) % 3),
        });
      });
    }
    const taken = pickAll(picked, 20);
    for (const { taskId } of taken) expect(picked.putBack(taskId)).toBe(true);
    expect(pickAll(picked)).toEqual(pickAll(never));
  });

  test('a tenant that the pick had parked is in turn again, with its previous tag', () => {
    const queue = new FairQueue();
    const [first] = fill(queue, 2, () => aTask('a', { runningLimit: 1 }));
    fill(queue, 3, () => aTask('b'));
    const picked = pickAll(queue, 3);
    expect(tenantsOf(picked)).toBe('abb');
    queue.putBack(first?.taskId ?? '');
    expect(queue.pick()?.taskId).toBe(first?.taskId);
  });

  test('a task that does not run cannot be put back', () => {
    const queue = new FairQueue();
    const [task] = fill(queue, 1, () => aTask('a'));
    expect(queue.putBack(task?.taskId ?? '')).toBe(false);
    expect(queue.queued).toBe(1);
  });
});

describe('duplicates, withdrawals and restored runs', () => {
  test('a task is queued or runs once, however often it is offered', () => {
    const queue = new FairQueue();
    const task = aTask('a');
    expect([queue.insert(task), queue.insert(task)]).toEqual([true, false]);
    queue.pick();
    expect(queue.insert(task)).toBe(false);
    expect(queue.pick()).toBeNull();
  });

  test('a withdrawn task is not picked and costs its tenant nothing', () => {
    const queue = new FairQueue();
    const [gone] = fill(queue, 2, () => aTask('a'));
    fill(queue, 2, () => aTask('b'));
    expect(queue.withdraw(gone?.taskId ?? '')).toBe(true);
    expect(queue.withdraw(gone?.taskId ?? '')).toBe(false);
    expect(tenantsOf(pickAll(queue))).toBe('abb');
  });

  test('a pool whose last task is withdrawn comes to rest, and forgets its tags', () => {
    const queue = new FairQueue();
    const [run] = fill(queue, 1, () => aTask('a'));
    const [last] = fill(queue, 1, () => aTask('b'));
    queue.pick();
    queue.release(run?.taskId ?? '', 60_000);
    expect(queue.tenants).toBe(2);
    queue.withdraw(last?.taskId ?? '');
    expect(queue.tenants).toBe(0);
  });

  test('withdrawing a picked task ends its run with no use', () => {
    const queue = new FairQueue();
    fill(queue, 3, () => aTask('a', { runningLimit: 1 }));
    fill(queue, 3, () => aTask('b'));
    queue.withdraw(queue.pick()?.taskId ?? '');
    expect(queue.running).toBe(0);
    expect(tenantsOf(pickAll(queue, 2))).toBe('ab');
  });

  test('restored runs count against the limit and the share', () => {
    const queue = new FairQueue();
    const running = aTask('a', { runningLimit: 2 });
    expect([queue.restoreRunning(running), queue.restoreRunning(running)]).toEqual([true, false]);
    fill(queue, 3, () => aTask('a', { runningLimit: 2 }));
    fill(queue, 3, () => aTask('b'));
    expect(tenantsOf(pickAll(queue))).toBe('babb');
    expect(queue.release(running.taskId, 1_000)).toBe(true);
    expect(pickAll(queue)).toHaveLength(1);
  });

  test('a task that is restored as running leaves its line', () => {
    const queue = new FairQueue();
    const [task] = fill(queue, 1, () => aTask('a'));
    if (task) queue.restoreRunning(task);
    expect([queue.queued, queue.running]).toEqual([0, 1]);
  });
});

test('a place is the work that is picked before the task', () => {
  const random = seededRandom(11);
  const view = { queued: new Map<string, FairTask>(), running: new Map<string, FairTask>() };
  const queue = new FairQueue();
  for (const operation of fairTrace(random, view, { tenants: 8 })) {
    if (operation.do !== 'insert') continue;
    for (const task of operation.tasks) {
      const unlimited = { ...task, runningLimit: null };
      if (queue.insert(unlimited)) view.queued.set(task.taskId, unlimited);
    }
    if (view.queued.size > 200) break;
  }
  const asked = [...view.queued.values()].filter((_, index) => index % 10 === 0);
  const places = new Map(asked.map(({ taskId }) => [taskId, queue.readPlace(taskId)]));
  const picked = pickAll(queue);
  for (const [taskId, place] of places) {
    const at = picked.findIndex((task) => task.taskId === taskId);
    const { organisationId, fairnessKey } = picked[at] ?? {};
    const before = picked.slice(0, at);
    const own = before.filter((other) => other.organisationId === organisationId);
    const ownWorkMs = own.reduce((sum, { cost }) => sum + cost, 0);
    expect(place).toEqual({
      place: own.filter((other) => other.fairnessKey === fairnessKey).length,
      ownWorkMs,
      othersWorkMs: before.reduce((sum, { cost }) => sum + cost, 0) - ownWorkMs,
    });
  }
  expect(places.size).toBeGreaterThan(15);
});
