import { expect, test } from 'vitest';

import { nameNextStep } from './name-next-step.ts';

const PLACE = { home: '/data/runfleet', isDatabaseGiven: true };

const failure = (message: string, code?: string) => Object.assign(new Error(message), { code });

test.for([
  { code: 'ENOSPC', step: /RUNFLEET_HOME to a folder on another disk/ },
  { code: 'EACCES', step: /Let this user write there \(now \/data\/runfleet\)/ },
  { code: 'EROFS', step: /RUNFLEET_HOME/ },
  { code: '28P01', step: /Correct the user and the password in DATABASE_URL/ },
  { code: '3D000', step: /Create it/ },
])('the error for $code names a next step', ({ code, step }) => {
  const explained = nameNextStep(failure('It did not work.', code), PLACE) as Error;
  expect(explained.message).toMatch(/^It did not work\.\n/);
  expect(explained.message).toMatch(step);
});

test('the code of a cause and the output of a server are recognised, too', () => {
  const wrapped = new Error('Outside.', { cause: failure('Inside.', 'ENOSPC') });
  expect(String(nameNextStep(wrapped, PLACE))).toContain('disk is full');
  const printed = failure('initdb: No space left on device');
  expect(String(nameNextStep(printed, PLACE))).toContain('disk is full');
});

test('the error for a folder in use names both ways to start a second instance', () => {
  const explained = nameNextStep(failure('/x is in use by process 12. Stop it.'), PLACE);
  expect(String(explained)).toMatch(/--ephemeral[^]*RUNFLEET_HOME/);
});

test('an error that names its own next step is not changed', () => {
  const error = failure('No Redis. Install it.');
  expect(nameNextStep(error, PLACE)).toBe(error);
});
