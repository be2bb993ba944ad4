import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { findPostgres } from './find-postgres.ts';
import { serverAccount } from './server-account.ts';

const programsDir = join(tmpdir(), 'runfleet-none');
const account = serverAccount(programsDir);

test('where the machine has no PostgreSQL, the package for its platform runs', async () => {
  const found = await findPostgres({ account, major: undefined, programsDir }, () => {}, []);
  expect(found.major).toBeGreaterThanOrEqual(18);
});

test('data of another major version is an error that names it', async () => {
  const wanted = { account, major: 9, programsDir };
  await expect(findPostgres(wanted, () => {})).rejects.toThrow(
    /No PostgreSQL 9, .* on this machine \(found \d+.*Give a DATABASE_URL/s,
  );
});
