// How long the masks of an easy grammar take while others open hard grammars, without a model.
//
//  node --import tsx packages/engine/tools/measure-masks.ts [seconds]
//
// One answer takes token after token: alone, beside grammars that take nearly all steps of the
// budget to read, and beside grammars that are refused after all of them. No two are equal. Prints
// the times of its masks, as the engine's thread sees them.
import { setImmediate } from 'node:timers/promises';

import type { OutputGrammar } from '@runfleet/grammar';

import { buildTokenizer } from '../src/builder/phi3/build-tokenizer.ts';
import { GrammarService } from '../src/grammar/grammar-service.ts';
import type { TokenMasks } from '../src/grammar/token-masks.ts';
import { readVocabulary } from '../src/grammar/vocabulary.ts';

const SECONDS = Number(process.argv[2] ?? 5);
const OPENERS = 3;
const { tokenizer, idOf } = buildTokenizer(32_064);
const stopId = idOf('<|end|>');
const vocabulary = readVocabulary({ tokenizer, stopIds: new Set([stopId]) });

const wide = (properties: number, pattern: string) => (index: number) => ({
  kind: 'json_schema' as const,
  schema: JSON.stringify({
    type: 'object',
    properties: Object.fromEntries(
      Array.from({ length: properties }, (_, n) => [`p${index}-${n}`, { type: 'string', pattern }]),
    ),
  }),
});

for (const [name, make] of [
  ['alone', undefined],
  ['beside hard grammars', wide(150, '.*'.repeat(9))],
  ['beside refused grammars', wide(300, '.*'.repeat(20))],
] as const) {
  await using service = new GrammarService(vocabulary);
  const stop = new AbortController();
  let opened = 0;
  const openers = Array.from({ length: make ? OPENERS : 0 }, async () => {
    while (make && !stop.signal.aborted) {
      opened += 1;
      const masks = service.open(make(opened));
      await ready(masks).catch(() => {});
      masks.close();
    }
  });
  const times = await easyMasks(service);
  stop.abort();
  await Promise.all(openers);
  const at = (share: number) => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(2);
  process.stdout.write(
    `${name}: ${times.length} masks, p50 ${at(0.5)} p95 ${at(0.95)} p99 ${at(0.99)} max ${at(1)} ms; ${opened} grammars opened\n`,
  );
}

async function easyMasks(service: GrammarService): Promise<number[]> {
  const easy: OutputGrammar = { kind: 'regex', pattern: 'a*' };
  const masks = service.open(easy);
  await ready(masks);
  const times: number[] = [];
  for (const end = performance.now() + SECONDS * 1_000; performance.now() < end;) {
    const id = firstOf(masks.next);
    const start = performance.now();
    masks.take(id);
    await ready(masks);
    times.push(performance.now() - start);
    await setImmediate();
  }
  masks.close();
  return times.toSorted((left, right) => left - right);
}

function firstOf(mask: Int32Array): number {
  const ids = Array.from({ length: mask.length * 32 }, (_, id) => id);
  return ids.find((id) => id !== stopId && ((mask[id >> 5] ?? 0) >>> (id & 31)) & 1) ?? 0;
}

async function ready(masks: TokenMasks): Promise<void> {
  if (!masks.isReady) await new Promise<void>((resolve) => (masks.onReady = resolve));
  void masks.next;
}
