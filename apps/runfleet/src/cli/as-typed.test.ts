import { expect, test } from 'vitest';

import { asTyped } from './as-typed.ts';

const CLONE = 'npm run runfleet --';

test.each([
  ['Run: runfleet migrate', 'Run: npm run runfleet -- migrate'],
  [
    '"runfleet model use phi", or runfleet gpu install.',
    `"${CLONE} model use phi", or ${CLONE} gpu install.`,
  ],
  ['runfleet seed-demo --purge', `${CLONE} seed-demo --purge`],
  [`${CLONE} doctor`, `${CLONE} doctor`],
  ['Runfleet starts in /home/runfleet first', 'Runfleet starts in /home/runfleet first'],
  ['the folder .runfleet is new', 'the folder .runfleet is new'],
])('%s', (text, typed) => {
  expect(asTyped(text, CLONE)).toBe(typed);
  expect(asTyped(text, undefined)).toBe(text);
});
