import { expect } from 'vitest';

import { testWithDb as test } from './testing.ts';
import { transact } from './transact.ts';

test('a write that fails rolls back the others', async ({ db }) => {
  const attempt = transact(
    db.sql,
    async () => null,
    () => ({
      result: 'done',
      write: (tx) => [
        tx`insert into organisations (name) values ('one')`,
        tx`insert into organisations (name) values (null)`,
        tx`insert into organisations (name) values ('three')`,
      ],
    }),
  );
  await expect(attempt).rejects.toMatchObject({ code: '23502' });
  expect(await db.sql`select 1 from organisations`).toHaveLength(0);
});

test('it resolves only once its writes are visible to other connections', async ({ db }) => {
  const result = await transact(
    db.sql,
    (tx) => tx<{ n: number }[]>`select 1 as n`,
    ([row]) => ({
      result: row?.n,
      write: (tx) => [tx`insert into organisations (name) values ('one')`],
    }),
  );
  expect(result).toBe(1);
  expect(await db.sql`select 1 from organisations`).toHaveLength(1);
});

test('a decision that throws writes nothing and frees the connection', async ({ db }) => {
  for (let i = 0; i < 20; i++) {
    const attempt = transact(
      db.sql,
      (tx) => tx`select 1`,
      () => {
        throw new Error('no');
      },
    );
    await expect(attempt).rejects.toThrow('no');
  }
  expect(await db.sql`select 1 as n`).toEqual([{ n: 1 }]);
});
