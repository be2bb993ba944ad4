import { expect, test } from 'vitest';

import { nameNextStep } from './name-next-step.ts';

const PLACE = { home: '/data/runfleet', isDatabaseGiven: true };

const failure = (message: string, code?: string) => Object.assign(new Error(message), { code });

test.for([
  { code: 'ENOSPC', step: /RUNFLEET_HOME to a folder on another disk/ },
  { code: 'EACCES', step: /Let this user write there \(now \/data\/runfleet\)/ },
  { code: 'EROFS', step: /RUNFLEET_HOME/ },
  { code: '28P01', step: /Mend the user and the password in DATABASE_URL/ },
  { code: '3D000', step: /Create it/ },
])('$code is told with what to do about it', ({ code, step }) => {
  const told = nameNextStep(failure('It did not work.', code), PLACE) as Error;
  expect(told.message).toMatch(/^It did not work\.\n/);
  expect(told.message).toMatch(step);
});

test('the reason may be a cause, or what a server printed', () => {
  const wrapped = new Error('Outside.', { cause: failure('Inside.', 'ENOSPC') });
  expect(String(nameNextStep(wrapped, PLACE))).toContain('disk is full');
  const printed = failure('initdb: No space left on device');
  expect(String(nameNextStep(printed, PLACE))).toContain('disk is full');
});

test('a folder in use is told with the two ways to start beside it', () => {
  const told = nameNextStep(failure('/x is in use by process 12. Stop it.'), PLACE);
  expect(String(told)).toMatch(/--ephemeral[^]*RUNFLEET_HOME/);
});

test('what says its own next step is left alone', () => {
  const error = failure('No Redis. Install it.');
  expect(nameNextStep(error, PLACE)).toBe(error);
});
