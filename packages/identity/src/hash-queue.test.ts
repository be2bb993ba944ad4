import { expect, test } from 'vitest';

import { HashQueue } from './hash-queue.ts';

test('two hashes run at once, and the others wait for their turn', async () => {
  const queue = new HashQueue();
  let running = 0;
  let most = 0;
  const hash = async (n: number) => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
    if (n === 3) throw new Error('broken');
    return n;
  };
  const done = await Promise.allSettled(
    Array.from({ length: 10 }, (_, n) => queue.run(() => hash(n))),
  );
  expect(most).toBe(2);
  expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(9);
  await expect(queue.run(async () => 'free again')).resolves.toBe('free again');
});

test('of a hundred concurrent calls sixteen are admitted and the others are asked to retry', async () => {
  const queue = new HashQueue();
  const { promise, resolve } = pending();
  const calls = Array.from({ length: 100 }, () => queue.admit(() => promise));
  const settled = Promise.allSettled(calls);
  resolve();
  const refused = (await settled).filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(84);
  expect(refused[0]).toMatchObject({ reason: { kind: 'unavailable', retryAfterSeconds: 2 } });
  await expect(queue.admit(async () => 'free again')).resolves.toBe('free again');
});

function pending() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
