import { expect } from 'vitest';

import { registerWorker } from '../fleet/worker-registry.ts';
import { aDescription, testWithTasks as test } from '../testing.ts';
import { readContextTokens } from './read-context-tokens.ts';

test('the longest context of a pool is known once each of its workers reports one', async ({
  db,
  store,
}) => {
  const register = (
    id: string,
    pools: string[],
    loaded: Record<string, { bytes: number; contextTokens?: number }>,
  ) =>
    registerWorker(
      { store },
      { id, host: 'h', slots: 1, description: { ...aDescription(), pools, loaded } },
    );
  const [one, two] = [1, 2].map((n) => `00000000-0000-4000-8000-00000000000${n}`) as [
    string,
    string,
  ];

  await register(one, ['a', 'b'], { a: { bytes: 1, contextTokens: 4_096 } });
  expect(await readContextTokens({ db })).toEqual(new Map([['a', 4_096]]));
  // A worker that has not loaded the model, and one of an older version.
  for (const loaded of [{}, { a: { bytes: 1 } }]) {
    await register(two, ['a'], loaded);
    expect(await readContextTokens({ db })).toEqual(new Map());
  }
  await register(two, ['a'], { a: { bytes: 1, contextTokens: 131_072 } });
  expect(await readContextTokens({ db })).toEqual(new Map([['a', 131_072]]));
  await db.sql`update workers set state = 'lost' where id = ${two}`;
  expect(await readContextTokens({ db })).toEqual(new Map([['a', 4_096]]));
});
