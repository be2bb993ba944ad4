import { expect, test } from 'vitest';

import { Resources } from './resources.ts';

function noting(closed: string[], name: string, failure?: Error): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      closed.push(name);
      if (failure) throw failure;
    },
  };
}

test('the last resource opened is closed first, even if closing one fails', async () => {
  const closed: string[] = [];
  const resources = new Resources();
  resources.use(noting(closed, 'first'));
  resources.use(noting(closed, 'second', new Error('stuck')));
  resources.use(noting(closed, 'third'));
  await expect(resources[Symbol.asyncDispose]()).rejects.toThrow('stuck');
  expect(closed).toEqual(['third', 'second', 'first']);
});

test('a failed `open` leaves nothing open', async () => {
  const closed: string[] = [];
  const opening = Resources.opening(async (resources) => {
    resources.use(noting(closed, 'first'));
    throw new Error('no second');
  });
  await expect(opening).rejects.toThrow('no second');
  expect(closed).toEqual(['first']);
});
