import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { findPostgres } from './find-postgres.ts';
import { serverAccount } from './server-account.ts';

const programsDir = join(tmpdir(), 'runfleet-none');
const account = serverAccount(programsDir);

test('the package for the platform runs if the machine has no PostgreSQL', async () => {
  const found = await findPostgres({ account, major: undefined, programsDir }, () => {}, []);
  expect(found.major).toBeGreaterThanOrEqual(18);
});

test('the error for data of another major version names that version', async () => {
  const wanted = { account, major: 9, programsDir };
  await expect(findPostgres(wanted, () => {})).rejects.toThrow(
    /No PostgreSQL 9, .* on this machine \(found \d+.*Set DATABASE_URL/s,
  );
});
