import { describe, expect, test } from 'vitest';

import {
  AVOID_WAIT_MS_MAX,
  type Placed,
  placeTasks,
  type Room,
  SESSION_WAIT_MS_MAX,
  type WaitingTask,
} from './place-tasks.ts';

const NOW = 1_000_000;

const aTask = (changes: Partial<WaitingTask> = {}): WaitingTask => ({
  id: 't',
  requires: [],
  prefers: null,
  avoids: [],
  heldSince: null,
  ...changes,
});

const aRoom = (id: string, changes: Partial<Room> = {}): Room => ({
  id,
  slots: 4,
  used: 0,
  labels: [],
  fit: 'loaded',
  freeAt: null,
  ...changes,
});

const full = { used: 4 };

const place = (
  tasks: readonly WaitingTask[],
  rooms: readonly Room[],
  options: { lanes?: string[][]; now?: number } = {},
) => placeTasks(tasks, { rooms, lanes: options.lanes ?? [], now: options.now ?? NOW });

/** The worker's id, or the other decision and its reason. */
const outcomeOf = (placed: Placed<WaitingTask, Room>): string => {
  if (placed.do === 'place')
    return placed.room.id + (placed.despiteAvoids ? ' despite avoids' : '');
  return `${placed.do}: ${placed.why}`;
};

describe('load', () => {
  test('tasks go to the worker with the smallest share of used slots', () => {
    const rooms = [aRoom('a', { slots: 8, used: 4 }), aRoom('b', { slots: 4, used: 1 })];
    expect(
      place(
        Array.from({ length: 4 }, () => aTask()),
        rooms,
      ).map(outcomeOf),
    ).toEqual(['b', 'a', 'b', 'a']);
  });

  test('no worker gets more tasks than it has free slots', () => {
    const placed = place([aTask(), aTask(), aTask()], [aRoom('a', { slots: 2, used: 1 })]);
    expect(placed.map(outcomeOf)).toEqual(['a', 'return: slots', 'return: slots']);
  });

  test('without workers nothing is placed', () => {
    expect(place([aTask()], []).map(outcomeOf)).toEqual(['return: slots']);
  });

  test('equal workers are taken in the order of their ids, however they are listed', () => {
    const rooms = ['b', 'c', 'a'].map((id) => aRoom(id));
    expect(place([aTask(), aTask(), aTask()], rooms).map(outcomeOf)).toEqual(['a', 'b', 'c']);
  });
});

describe('labels', () => {
  const rooms = [aRoom('plain'), aRoom('h100', { labels: ['gpu=H100', 'zone=a'], used: 2 })];

  test('a task runs only on a worker with all labels that it requires', () => {
    expect(place([aTask({ requires: ['gpu=H100'] })], rooms).map(outcomeOf)).toEqual(['h100']);
    const nowhere = aTask({ requires: ['gpu=H100', 'zone=b'] });
    expect(place([nowhere], rooms).map(outcomeOf)).toEqual(['return: labels']);
  });

  test('a task that cannot be placed does not block those behind it', () => {
    const tasks = [aTask({ requires: ['zone=b'] }), aTask()];
    expect(place(tasks, rooms).map(outcomeOf)).toEqual(['return: labels', 'plain']);
  });

  test('a worker with special labels is left to the tasks that need it', () => {
    const plain = aRoom('plain', { used: 3 });
    const particular = aRoom('h100', { labels: ['gpu=H100'] });
    const lanes = [['gpu=H100']];
    expect(place([aTask()], [plain, particular], { lanes }).map(outcomeOf)).toEqual(['plain']);
    expect(place([aTask()], [plain, particular]).map(outcomeOf)).toEqual(['h100']);
  });
});

describe('models', () => {
  test('a loaded model is preferred to one that fits, and that to one that needs unloading', () => {
    const rooms = [
      aRoom('after', { fit: 'after_unloading' }),
      aRoom('fits', { fit: 'in_free_memory' }),
      aRoom('loaded', { used: 3 }),
    ];
    expect(place([aTask()], rooms).map(outcomeOf)).toEqual(['loaded']);
    expect(place([aTask()], rooms.slice(0, 2)).map(outcomeOf)).toEqual(['fits']);
    expect(place([aTask()], rooms.slice(0, 1)).map(outcomeOf)).toEqual(['after']);
  });

  test('tasks of one round share one model load', () => {
    const rooms = ['a', 'b'].map((id) => aRoom(id, { slots: 2, fit: 'in_free_memory' }));
    expect(place([aTask(), aTask(), aTask()], rooms).map(outcomeOf)).toEqual(['a', 'a', 'b']);
  });

  test('a worker without enough memory gets nothing, and the reason is memory', () => {
    expect(place([aTask()], [aRoom('a', { fit: 'none' })]).map(outcomeOf)).toEqual([
      'return: memory',
    ]);
  });
});

describe('sessions', () => {
  const session = aTask({ prefers: 'a' });

  test('a task goes to the worker of its session, even if others have less load', () => {
    expect(place([session], [aRoom('a', { used: 3 }), aRoom('b')]).map(outcomeOf)).toEqual(['a']);
  });

  test('a worker that has unloaded the model has lost the prefix', () => {
    const rooms = [aRoom('a', { fit: 'in_free_memory' }), aRoom('b', { used: 3 })];
    expect(place([session], rooms).map(outcomeOf)).toEqual(['b']);
  });

  test('a task waits if the worker of its session is about to have a free slot', () => {
    const rooms = [aRoom('a', { ...full, freeAt: NOW + 500 }), aRoom('b')];
    expect(place([session], rooms)).toEqual([
      { do: 'hold', task: session, until: NOW + SESSION_WAIT_MS_MAX, why: 'session' },
    ]);
  });

  test('a task does not wait if that will take longer or is unknown', () => {
    for (const freeAt of [NOW + SESSION_WAIT_MS_MAX + 1, null]) {
      expect(
        place([session], [aRoom('a', { ...full, freeAt }), aRoom('b')]).map(outcomeOf),
      ).toEqual(['b']);
    }
  });

  test('a task waits a bounded time in total, however late the slot is', () => {
    const rooms = [aRoom('a', { ...full, freeAt: NOW }), aRoom('b')];
    const held = { ...session, heldSince: NOW };
    const at = (now: number) => place([held], rooms, { now }).map(outcomeOf);
    expect(at(NOW + SESSION_WAIT_MS_MAX)).toEqual(['hold: session']);
    expect(at(NOW + SESSION_WAIT_MS_MAX + 1)).toEqual(['b']);
  });

  test('a task does not wait for a worker that is gone or lacks a label', () => {
    expect(place([aTask({ prefers: 'gone' })], [aRoom('b')]).map(outcomeOf)).toEqual(['b']);
    const particular = aTask({ prefers: 'a', requires: ['gpu=H100'] });
    const rooms = [aRoom('a'), aRoom('b', { labels: ['gpu=H100'] })];
    expect(place([particular], rooms).map(outcomeOf)).toEqual(['b']);
  });
});

describe('workers to avoid', () => {
  const burnt = aTask({ avoids: ['a'] });

  test('a task goes to a worker on which it has not failed', () => {
    expect(place([burnt], [aRoom('a'), aRoom('b', { used: 3 })]).map(outcomeOf)).toEqual(['b']);
  });

  test('a task waits a bounded time for other workers, and then goes back', () => {
    const rooms = [aRoom('a'), aRoom('b', full)];
    expect(place([burnt], rooms).map(outcomeOf)).toEqual(['hold: avoided']);
    const held = { ...burnt, heldSince: NOW - AVOID_WAIT_MS_MAX };
    expect(place([held], rooms).map(outcomeOf)).toEqual(['a despite avoids']);
  });

  test('if no other worker can take it, a task goes back at once, and the answer shows it', () => {
    expect(place([burnt], [aRoom('a')]).map(outcomeOf)).toEqual(['a despite avoids']);
    const others = [aRoom('b', { fit: 'none' }), aRoom('c', { labels: ['gpu=H100'] })];
    const particular = { ...burnt, requires: ['zone=a'] };
    const own = aRoom('a', { labels: ['zone=a'] });
    expect(place([particular], [own, ...others]).map(outcomeOf)).toEqual(['a despite avoids']);
  });

  test('a session does not send a task back to a worker on which it failed', () => {
    const task = aTask({ avoids: ['a'], prefers: 'a' });
    expect(place([task], [aRoom('a'), aRoom('b')]).map(outcomeOf)).toEqual(['b']);
  });
});

test('every task gets a decision, in the given order, and slots are never exceeded', () => {
  // A linear congruential generator: the same cases in every run.
  let state = 42;
  const below = (n: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % n;
  };
  const labels = ['gpu=H100', 'zone=a', 'zone=b'];
  const some = () => labels.filter(() => below(3) === 0);
  for (let round = 0; round < 300; round++) {
    const rooms = Array.from({ length: below(6) }, (_, index) => {
      const slots = 1 + below(4);
      const fit = (['none', 'after_unloading', 'in_free_memory', 'loaded'] as const)[below(4)];
      const freeAt = below(2) === 0 ? null : NOW + below(4_000);
      return aRoom(`w${index}`, {
        slots,
        used: below(slots + 1),
        labels: some(),
        fit: fit ?? 'none',
        freeAt,
      });
    });
    const tasks = Array.from({ length: below(12) }, (_, index) =>
      aTask({
        id: `t${index}`,
        requires: some(),
        prefers: below(2) === 0 ? null : `w${below(6)}`,
        avoids: [`w${below(6)}`],
        heldSince: below(2) === 0 ? null : NOW - below(15_000),
      }),
    );
    const placed = place(tasks, rooms);
    expect(placed.map(({ task }) => task.id)).toEqual(tasks.map(({ id }) => id));
    const used = new Map(rooms.map((room) => [room.id, room.used]));
    const holds = placed.flatMap((one) => (one.do === 'hold' ? [one.until] : []));
    expect(holds.filter((until) => until < NOW)).toEqual([]);
    const places = placed.flatMap((one) => (one.do === 'place' ? [one] : []));
    for (const { task, room, despiteAvoids } of places) {
      expect(room.fit).not.toBe('none');
      expect(task.requires.filter((label) => !room.labels.includes(label))).toEqual([]);
      expect(task.avoids.includes(room.id)).toBe(despiteAvoids);
      used.set(room.id, (used.get(room.id) ?? 0) + 1);
    }
    for (const room of rooms) expect(used.get(room.id)).toBeLessThanOrEqual(room.slots);
  }
});

test('how long a task waits for a better worker', () => {
  expect([SESSION_WAIT_MS_MAX, AVOID_WAIT_MS_MAX]).toEqual([2_000, 10_000]);
});

test('a task that is held again keeps the time of its first hold', () => {
  const task = aTask({ avoids: ['a'], heldSince: NOW - 100 });
  const [held] = place([task], [aRoom('a'), aRoom('b', full)]);
  expect(held).toMatchObject({ do: 'hold', until: NOW - 100 + AVOID_WAIT_MS_MAX });
});

test('sets of labels with equal concatenations are distinguished', () => {
  const rooms = [aRoom('a', { labels: ['x=1', 'y=2'] }), aRoom('b', { labels: ['x=1y=2'] })];
  const tasks = [aTask({ requires: ['x=1', 'y=2'] }), aTask({ requires: ['x=1y=2'] })];
  expect(place(tasks, rooms).map(outcomeOf)).toEqual(['a', 'b']);
});

test('if a free worker carries the labels, the missing resource is memory', () => {
  const rooms = [aRoom('a', { labels: ['x=1'], fit: 'too_large' as Room['fit'] }), aRoom('b')];
  const [placed] = place([aTask({ requires: ['x=1'] })], rooms);
  expect(placed && outcomeOf(placed)).toBe('return: memory');
});
