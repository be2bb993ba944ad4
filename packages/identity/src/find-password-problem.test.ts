import { expect, test } from 'vitest';

import { findPasswordProblem } from './find-password-problem.ts';

const email = 'Ada.Lovelace@Example.org';

test.each([
  'short',
  'password',
  'Password1!',
  '12345678',
  'qwertyuiop',
  'iloveyou2024',
  'aaaaaaaaaaaa',
  'abababababab',
  'ada.lovelace',
  'Ada.Lovelace1999',
  'ada.lovelace@example.org',
  'runfleet123',
  'x'.repeat(129),
])('%s is refused', async (password) => {
  await expect(findPasswordProblem({ email, password })).resolves.toMatch(/./);
});

test.each(['correct horse', 'long enough', 'nV7#tq-pwL2', '皇帝的新装 and me', ' a long one '])(
  '%s is accepted',
  async (password) => {
    await expect(findPasswordProblem({ email, password })).resolves.toBeNull();
  },
);
