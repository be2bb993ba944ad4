import { expect, test } from 'vitest';

import { STEPS } from './status-texts.ts';

test('the states line has its steps in the order in which a task reaches them', () => {
  expect(STEPS.map(({ label }) => label)).toEqual([
    'Queued',
    'Assigned',
    'Accepted',
    'Preprocessing',
    'Running',
    'Done',
  ]);
});
