import type { Batcher } from '@runfleet/db';
import { expect, test } from 'vitest';

import { groupCommit } from './group-commit.ts';

const failure = (code: string) => Object.assign(new Error(code), { code });

/** A store of numbers whose first commit of several is answered with `code`. */
function storeThatFails(code: string, isWritten: boolean) {
  const written: number[] = [];
  let hasFailed = false;
  const group = groupCommit(async (items: readonly number[]) => {
    const isFirstOfSeveral = items.length > 1 && !hasFailed;
    if (!isFirstOfSeveral || isWritten) written.push(...items);
    if (isFirstOfSeveral) {
      hasFailed = true;
      throw failure(code);
    }
    return items;
  });
  return { group, written };
}

const settle = (group: Batcher<number, number>) =>
  Promise.allSettled([1, 2, 3].map((item) => group.add(item)));

test('after a refused commit each item is tried alone', async () => {
  const { group, written } = storeThatFails('23505', false);
  const settled = await settle(group);
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  expect(written).toEqual([1, 2, 3]);
});

test.each(['CONNECTION_CLOSED', 'EPIPE', '57P01', '08006'])(
  'a commit that may have happened is not repeated (%s)',
  async (code) => {
    const { group, written } = storeThatFails(code, true);
    const settled = await settle(group);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(written).toEqual([1, 2, 3]);
  },
);

test('what is added in one go shares a commit, and what comes during it the next', async () => {
  const commits: (readonly number[])[] = [];
  const group: Batcher<number, number> = groupCommit(async (items) => {
    commits.push(items);
    if (commits.length === 1) void Promise.all([group.add(3), group.add(4)]);
    return items;
  });
  await Promise.all([group.add(1), group.add(2)]);
  await group.drain();
  expect(commits).toEqual([
    [1, 2],
    [3, 4],
  ]);
});
