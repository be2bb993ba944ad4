import { expect, test } from 'vitest';

import { measureRecovery } from './measure-recovery.ts';

test('the recovery of each kind is the time from the fault to the next end of any task', () => {
  const faults = [
    { kind: 'redis flushed', beganAt: 1_000 },
    { kind: 'api killed', beganAt: 2_000 },
    { kind: 'api killed', beganAt: 5_000 },
    { kind: 'api killed', beganAt: 5_900 },
  ] as const;
  expect(measureRecovery(faults, [6_000, 900, 2_300, 1_000])).toEqual([
    { kind: 'api killed', faults: 3, untilNextEnd: { median: 300, max: 1_000 } },
    { kind: 'redis flushed', faults: 1, untilNextEnd: { median: 0, max: 0 } },
  ]);
});

test('a fault after which no task ended counts, without a time', () => {
  const faults = [{ kind: 'redis away', beganAt: 1_000 }] as const;
  expect(measureRecovery(faults, [999])).toEqual([
    { kind: 'redis away', faults: 1, untilNextEnd: null },
  ]);
});
