import { readFile } from 'node:fs/promises';

import { expect, test } from 'vitest';

import { UPKEEP_JOBS } from './upkeep-jobs.ts';

const page = await readFile(new URL('../../../../docs/upkeep.md', import.meta.url), 'utf8');

test('docs/upkeep.md lists each scheduled job with its period and its limit', () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` +\| (\d+) s +\| (\d+) s +\|/gm)];
  const listed = rows.map(([, name, every, limit]) => [name, [every, limit].map(Number)]);
  const declared = Object.entries(UPKEEP_JOBS).map(([name, job]) => [
    name,
    [job.everySeconds, job.limitSeconds],
  ]);
  expect(Object.fromEntries(listed) as object).toEqual(Object.fromEntries(declared) as object);
});
