import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { expect, test } from 'vitest';

import { Interruption } from './interruption.ts';

const NEVER = new Promise<never>(() => {});

test('a wait ends with its part, and a failure ends it and every later one', async () => {
  const interruption = new Interruption();
  expect(await interruption.wait(Promise.resolve(1))).toBe(1);
  await expect(interruption.wait(Promise.reject(new Error('own')))).rejects.toThrow('own');
  const waiting = interruption.wait(NEVER);
  interruption.fail(new Error('first'));
  interruption.fail(new Error('second'));
  await expect(waiting).rejects.toThrow('first');
  await expect(interruption.wait(NEVER)).rejects.toThrow('first');
  await expect(interruption.wait(Promise.resolve(1))).rejects.toThrow('first');
});

test('what was waited for is not kept', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const interruption = new Interruption();
  const kept: WeakRef<object>[] = [];
  for (let n = 0; n < 100; n += 1) {
    kept.push(new WeakRef(await interruption.wait(Promise.resolve({ n }))));
    await new Promise(setImmediate);
  }
  collectGarbage();
  expect(kept.filter((each) => each.deref() !== undefined).length).toBeLessThan(3);
  interruption.fail(new Error('late'));
});
