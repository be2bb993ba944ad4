import { expect, onTestFinished, test, vi } from 'vitest';

import { buildTokenizer } from '../builder/phi3/build-tokenizer.ts';
import { GrammarPath } from './grammar-path.ts';
import { GrammarService } from './grammar-service.ts';
import { Grammars } from './grammars.ts';
import type { TokenMasks } from './token-masks.ts';
import { readVocabulary } from './vocabulary.ts';

const { tokenizer, idOf } = buildTokenizer(1088);
const vocabulary = readVocabulary({ tokenizer, stopIds: new Set([idOf('<|end|>')]) });
const regex = (pattern: string) => ({ kind: 'regex', pattern }) as const;

async function ready(masks: TokenMasks): Promise<Int32Array> {
  if (!masks.isReady) await new Promise<void>((resolve) => (masks.onReady = resolve));
  return masks.next;
}

test('the thread gives the masks that a local path gives', async () => {
  await using service = new GrammarService(vocabulary);
  const grammar = regex('[a-c]{1,3}(é|🚀)');
  const masks = service.open(grammar);
  const path = new GrammarPath(new Grammars(vocabulary).open(grammar));
  for (const id of tokenizer.encode('ab🚀')) {
    expect(await ready(masks)).toEqual(path.mask());
    masks.take(id);
    path.take(id);
  }
  expect(await ready(masks)).toEqual(path.mask());
});

test('a grammar that cannot be followed fails only its own answer, as the caller’s mistake', async () => {
  await using service = new GrammarService(vocabulary);
  const [bad, good] = [service.open(regex('(a{0,100}){0,100}')), service.open(regex('a'))];
  await expect(ready(bad)).rejects.toMatchObject({
    kind: 'input',
    message: expect.stringMatching(/^regex /u),
  });
  expect((await ready(good)).some((word) => word !== 0)).toBe(true);
});

test('a mask that takes long delays no mask of another grammar, and may be given up', async () => {
  await using service = new GrammarService(vocabulary);
  const hard = '([a-m].{0,60}|[a-z].{0,60}|.{0,60}b)*';
  const [first, second] = [service.open(regex(hard)), service.open(regex(hard))];
  const easy = service.open(regex('abc'));
  await ready(easy);
  expect([first.isReady, second.isReady]).toEqual([false, false]);
  // Both share a grammar, and only one of them was building its mask.
  first.close();
  expect(await ready(second)).toEqual(
    new GrammarPath(new Grammars(vocabulary).open(regex(hard))).mask(),
  );
});

// A thread that answers with the tokens that it was given, and fails on demand.
const thread = `
  import { workerData } from 'node:worker_threads';
  const { port } = workerData;
  const ids = new Map();
  port.on('message', (call) => {
    if (call.type === 'close') return;
    if (call.type === 'open') ids.set(call.path, [...call.ids]);
    else ids.get(call.path).push(call.id);
    if (call.grammar?.pattern === 'silent') return;
    if (call.grammar?.pattern === 'hang') for (;;);
    if (call.grammar?.pattern === 'exit') process.exit();
    if (call.grammar?.pattern === 'memory') for (const all = []; ; ) all.push(Array.from({ length: 1e5 }, () => ({})));
    port.postMessage({ type: 'mask', path: call.path, step: call.step, mask: Int32Array.from(ids.get(call.path)) });
  });
  port.postMessage({ type: 'ready' });
`;
const entry = new URL(`data:text/javascript,${encodeURIComponent(thread)}`);

test('a closed answer is not waited for, so the thread is not blamed for it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  await using service = new GrammarService(vocabulary, { entry });
  const kept = service.open(regex('kept'));
  await ready(kept);
  const closed = service.open(regex('silent'));
  expect(vi.getTimerCount()).toBe(1);
  closed.close();
  expect(vi.getTimerCount()).toBe(0);
  kept.take(7);
  expect(await ready(kept)).toEqual(Int32Array.of(7));
});

test.each([
  ['hangs', 'hang', /took too long/u],
  ['ends', 'exit', /ended unexpectedly/u],
  ['runs out of memory', 'memory', /memory|too long/u],
])(
  'a thread that %s fails the answer it was working on, and the others continue',
  async (_, at, message) => {
    await using service = new GrammarService(vocabulary, { maskMsMax: 5_000, entry });
    const before = service.open(regex('before'));
    await ready(before);
    before.take(7);
    expect(await ready(before)).toEqual(Int32Array.of(7));
    const blamed = service.open(regex(at));
    const behind = service.open(regex('behind'));
    before.take(8);

    await expect(ready(blamed)).rejects.toMatchObject({
      kind: 'input',
      message: expect.stringMatching(message),
    });
    expect(await ready(behind)).toEqual(Int32Array.of());
    expect(await ready(before)).toEqual(Int32Array.of(7, 8));
    behind.take(9);
    expect(await ready(behind)).toEqual(Int32Array.of(9));
  },
);
