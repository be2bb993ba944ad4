import { describe, expect, test } from 'vitest';

import {
  decideDrain,
  decideKeepLease,
  decidePardon,
  decideParole,
  decideQuarantine,
  decideReap,
  decideRegister,
  decideRenew,
  decideRetire,
  decideSlotCount,
  HOST_LOSS_MOMENT_PULSES,
  HOST_LOSS_PULSES,
  HOST_LOSSES_MAX,
  LEASE_PULSES,
  PULSE_MS_MIN,
  QUARANTINE_PULSES,
  SILENT_PULSES,
  STRIKES_MAX,
  takesTasks,
  type WorkerSnapshot,
  type WorkerState,
} from './decide-worker.ts';

const worker = (changes: Partial<WorkerState> = {}): WorkerState => ({
  id: 'w',
  host: 'h',
  state: 'ready',
  generation: 1,
  slots: 4,
  used: 2,
  renewedPulse: 100,
  keptPulse: 0,
  seenPulse: 100,
  strikes: 0,
  quarantinedUntil: null,
  ...changes,
});

const at = (pulse: number, bound = 2) => ({ pulse, bound });
const beside = (ready: number, resting = 0, hostLosses = 0) => ({
  ...at(100),
  peers: { ready, resting, hostLosses },
});
const REGISTRATION = { id: 'w', host: 'h', slots: 8 };

describe('a connection', () => {
  test('begins with all slots free, and each is a new generation', () => {
    const first = decideRegister(null, REGISTRATION, at(5));
    expect(first).toMatchObject({ state: 'ready', generation: 1, used: 0, slots: 8 });
    const second = decideRegister({ ...first, used: 3 }, REGISTRATION, at(9));
    expect(second).toMatchObject({ generation: 2, used: 0, renewedPulse: 9, seenPulse: 9 });
  });

  test('cannot renew for a newer one, nor for a worker that was declared lost', () => {
    const renewal = { generation: 1, seenPulse: 100 };
    expect(decideRenew(worker({ generation: 2 }), renewal, at(101))).toBeUndefined();
    expect(decideRenew(worker({ state: 'lost' }), renewal, at(101))).toBeUndefined();
    expect(decideRenew(worker({ state: 'stopped' }), renewal, at(101))).toBeUndefined();
    expect(decideRenew(null, renewal, at(101))).toBeUndefined();
  });

  test('whose lease is kept for it is not lost, and gets no new tasks', () => {
    const silent = worker({ renewedPulse: 100 });
    const late = at(100 + LEASE_PULSES + 1);
    expect(decideReap(silent, late)).toMatchObject({ state: 'lost' });
    const kept = decideKeepLease(silent, { generation: 1 }, at(100 + LEASE_PULSES));
    if (!kept) throw new Error('The lease was not kept.');
    expect(decideReap(kept, late)).toBeUndefined();
    expect(takesTasks(kept, 1, late.pulse)).toBe(false);
    expect(decideReap(kept, at(101 + 2 * LEASE_PULSES))).toMatchObject({ state: 'lost' });
  });

  test('is not kept for a newer one, nor for a worker that is gone', () => {
    expect(decideKeepLease(worker({ generation: 2 }), { generation: 1 }, at(101))).toBeUndefined();
    expect(decideKeepLease(worker({ state: 'lost' }), { generation: 1 }, at(101))).toBeUndefined();
    expect(decideKeepLease(null, { generation: 1 }, at(101))).toBeUndefined();
  });

  test('renews without ending a drain or a quarantine', () => {
    for (const state of ['ready', 'draining', 'quarantined'] as const) {
      const renewed = decideRenew(worker({ state }), { generation: 1, seenPulse: 0 }, at(104));
      expect(renewed).toMatchObject({ state, renewedPulse: 104 });
    }
  });

  test('confirms only what was answered: never the future, never less than before', () => {
    const seen = (seenPulse: number) =>
      decideRenew(worker(), { generation: 1, seenPulse }, at(104))?.seenPulse;
    expect([seen(103), seen(4), seen(9_999)]).toEqual([103, 100, 104]);
  });
});

describe('a drained worker', () => {
  test('stays drained, whatever it says and however often it connects', () => {
    const drained = decideDrain(worker());
    expect(drained?.state).toBe('draining');
    expect(decideRegister(drained ?? null, REGISTRATION, at(101)).state).toBe('draining');
    const lost = decideReap(drained ?? null, at(200));
    expect(decideRegister(lost ?? null, REGISTRATION, at(201)).state).toBe('draining');
    expect(decidePardon(drained ?? null)).toBeUndefined();
    expect(decideParole(drained ?? null, at(999))).toBeUndefined();
  });

  test('is drained once, also out of a quarantine, and not once it is gone', () => {
    expect(decideDrain(worker({ state: 'quarantined' }))?.state).toBe('draining');
    for (const state of ['draining', 'lost', 'stopped'] as const) {
      expect(decideDrain(worker({ state }))).toBeUndefined();
    }
    expect(decideDrain(null)).toBeUndefined();
  });

  test('retires once', () => {
    expect(decideRetire(worker({ state: 'draining' }))?.state).toBe('stopped');
    expect(decideRetire(worker({ state: 'stopped' }))).toBeUndefined();
  });
});

describe('a lease', () => {
  test('runs out by pulses alone', () => {
    expect(decideReap(worker(), at(100 + LEASE_PULSES))).toBeUndefined();
    expect(decideReap(worker(), at(101 + LEASE_PULSES))?.state).toBe('lost');
    expect(decideReap(worker({ state: 'lost' }), at(999))).toBeUndefined();
  });

  test('that is silent for a while keeps its tasks and gets no new ones', () => {
    expect(takesTasks(worker(), 1, 100 + SILENT_PULSES)).toBe(true);
    expect(takesTasks(worker(), 1, 101 + SILENT_PULSES)).toBe(false);
  });

  test.for<[string, Partial<WorkerState>, number]>([
    ['draining', { state: 'draining' }, 1],
    ['in quarantine', { state: 'quarantined' }, 1],
    ['lost', { state: 'lost' }, 1],
    ['full', { used: 4 }, 1],
    ['connected again', { generation: 2 }, 1],
  ])('no new task for a worker that is %s', ([, changes, generation]) => {
    expect(takesTasks(worker(changes), generation, 100)).toBe(false);
  });
});

describe('a quarantine', () => {
  test('begins at so many strikes and ends after so many pulses, on probation', () => {
    expect(decideQuarantine(worker({ strikes: STRIKES_MAX - 1 }), beside(9))).toBeUndefined();
    const resting = decideQuarantine(worker({ strikes: STRIKES_MAX }), beside(9));
    expect(resting).toMatchObject({
      state: 'quarantined',
      quarantinedUntil: 100 + QUARANTINE_PULSES,
    });
    expect(decideParole(resting ?? null, at(99 + QUARANTINE_PULSES))).toBeUndefined();
    const back = decideParole(resting ?? null, at(100 + QUARANTINE_PULSES));
    expect(back).toMatchObject({ state: 'ready', strikes: STRIKES_MAX - 1 });
    expect(
      decideQuarantine({ ...worker(), ...back, strikes: STRIKES_MAX }, beside(9)),
    ).toBeDefined();
  });

  test.for<[ready: number, resting: number, rests: boolean]>([
    [0, 0, false],
    [0, 3, false],
    [1, 0, true],
    [1, 1, false],
    [5, 1, false],
    [6, 0, true],
    [6, 1, true],
    [6, 2, false],
    [99, 24, true],
    [99, 33, false],
  ])('beside %i ready and %i resting ones: %o', ([ready, resting, rests]) => {
    const decided = decideQuarantine(worker({ strikes: STRIKES_MAX }), beside(ready, resting));
    expect(decided !== undefined).toBe(rests);
  });

  test('begins a new worker of a host that lost one after the other, while others can do its work', () => {
    const stateOf = (snapshot: WorkerSnapshot) =>
      decideRegister(null, REGISTRATION, snapshot).state;
    expect(stateOf(beside(9, 0, HOST_LOSSES_MAX - 1))).toBe('ready');
    expect(stateOf(beside(9, 0, HOST_LOSSES_MAX))).toBe('quarantined');
    expect(stateOf(beside(0, 0, HOST_LOSSES_MAX))).toBe('ready');
    expect(decideRegister(worker(), REGISTRATION, beside(9, 0, 9)).state).toBe('ready');
  });

  test('survives a new connection, until it is over or an operator pardons', () => {
    const resting = worker({ state: 'quarantined', strikes: 3, quarantinedUntil: 160 });
    expect(decideRegister(resting, REGISTRATION, at(159)).state).toBe('quarantined');
    expect(decideRegister(resting, REGISTRATION, at(160)).state).toBe('ready');
    expect(decidePardon(resting)).toMatchObject({ state: 'ready', strikes: 0 });
  });
});

test('a slot count is corrected to the tasks that are bound, unless the worker is gone', () => {
  expect(decideSlotCount(worker({ used: 3 }), at(100, 2))).toMatchObject({ used: 2 });
  expect(decideSlotCount(worker({ used: 2 }), at(100, 2))).toBeUndefined();
  expect(decideSlotCount(worker({ used: 3, state: 'lost' }), at(100, 2))).toBeUndefined();
});

test('the figures that the guides for operators give', () => {
  expect({
    PULSE_MS_MIN,
    LEASE_PULSES,
    SILENT_PULSES,
    STRIKES_MAX,
    HOST_LOSSES_MAX,
    HOST_LOSS_PULSES,
    HOST_LOSS_MOMENT_PULSES,
    QUARANTINE_PULSES,
  }).toEqual({
    PULSE_MS_MIN: 950,
    LEASE_PULSES: 15,
    SILENT_PULSES: 8,
    STRIKES_MAX: 3,
    HOST_LOSSES_MAX: 3,
    HOST_LOSS_PULSES: 300,
    HOST_LOSS_MOMENT_PULSES: 20,
    QUARANTINE_PULSES: 30,
  });
});

describe('a change of a worker changes what it says and nothing else', () => {
  const known = worker({ id: 'x', host: 'y', strikes: 2, keptPulse: 50, generation: 3 });
  const resting = { ...known, state: 'quarantined', strikes: 3, quarantinedUntil: 100 } as const;
  const input = { generation: 3, seenPulse: 101 };

  test.for<[string, () => WorkerState | undefined, Partial<WorkerState>]>([
    ['renewal', () => decideRenew(known, input, at(104)), { renewedPulse: 104, seenPulse: 101 }],
    ['keeping of a lease', () => decideKeepLease(known, input, at(104)), { keptPulse: 104 }],
    ['drain', () => decideDrain(known), { state: 'draining' }],
    ['end', () => decideRetire(known), { state: 'stopped' }],
    ['loss', () => decideReap(known, at(200)), { state: 'lost' }],
    ['count of slots', () => decideSlotCount(known, at(100, 1)), { used: 1 }],
    [
      'rest',
      () => decideQuarantine({ ...known, strikes: 3 }, beside(9)),
      { state: 'quarantined', strikes: 3, quarantinedUntil: 130 },
    ],
  ])('%s', ([, change, expected]) => {
    expect(change()).toEqual({ ...known, ...expected });
  });

  test.for<[string, () => WorkerState | undefined, number]>([
    ['end of a rest', () => decideParole(resting, at(100)), 2],
    ['pardon', () => decidePardon(resting), 0],
  ])('%s', ([, change, strikes]) => {
    expect(change()).toEqual({ ...known, state: 'ready', strikes, quarantinedUntil: null });
  });

  test('a new connection, of a worker that has strikes and one that is new', () => {
    const pulses = { renewedPulse: 9, keptPulse: 0, seenPulse: 9 };
    expect(decideRegister(known, REGISTRATION, at(9))).toEqual({
      ...known,
      ...REGISTRATION,
      ...pulses,
      used: 0,
      generation: 4,
    });
    expect(decideRegister(null, REGISTRATION, at(9))).toEqual({
      ...REGISTRATION,
      ...pulses,
      state: 'ready',
      used: 0,
      generation: 1,
      strikes: 0,
      quarantinedUntil: null,
    });
  });
});

describe('a worker that is not on the list', () => {
  test('is not changed', () => {
    expect([
      decideRetire(null),
      decideReap(null, at(999)),
      decideQuarantine(null, beside(9)),
      decideParole(null, at(999)),
      decidePardon(null),
      decideSlotCount(null, at(100, 1)),
    ]).toEqual(Array.from({ length: 6 }));
  });
});

test('a worker without others is never sent to rest, nor is one that is at rest', () => {
  expect(decideQuarantine(worker({ strikes: STRIKES_MAX }), at(100))).toBeUndefined();
  const resting = worker({ strikes: STRIKES_MAX, state: 'quarantined' });
  expect(decideQuarantine(resting, beside(9))).toBeUndefined();
  expect(decideRegister(null, REGISTRATION, { ...at(9) }).state).toBe('ready');
});

test('a rest without an end is over', () => {
  const resting = worker({ state: 'quarantined', quarantinedUntil: null });
  expect(decideParole(resting, at(0))).toMatchObject({ state: 'ready' });
});
