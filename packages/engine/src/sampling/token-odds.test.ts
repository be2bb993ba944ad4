import { expect, test } from 'vitest';

import { buildTokenizer } from '../builder/phi3/build-tokenizer.ts';
import { Sampler } from './sampler.ts';
import { TokenOdds } from './token-odds.ts';

const { tokenizer, idOf } = buildTokenizer(1088);

test('the log probabilities are the model’s own, whatever the sampler does to the logits', () => {
  const ids = [idOf('a'), idOf('<|end|>'), idOf('b')];
  const logits = new Float32Array(1088).fill(-30);
  for (const [index, id] of ids.entries()) logits[id] = [2, 1, 0][index] ?? 0;
  const total = Math.exp(2) + Math.exp(1) + Math.exp(0);

  const odds = new TokenOdds(2, tokenizer);
  odds.record(logits);
  const options = { temperature: 9, topP: 1, topK: 0, minP: 0, seed: 1n, greedy: true };
  const penalties = { repetitionPenalty: 5, presencePenalty: 2, frequencyPenalty: 1 };
  const sampler = new Sampler(
    { ...options, ...penalties, minTokens: 1 },
    ids.slice(0, 1),
    new Set(ids.slice(1, 2)),
  );
  const chosen = sampler.next(logits);
  expect(chosen).toBe(idOf('a'));

  const described = odds.describe(idOf('b'));
  expect(described).toMatchObject({ id: idOf('b'), token: 'b' });
  expect(described.logprob).toBeCloseTo(Math.log(1 / total), 5);
  expect(described.top.map(({ token }) => token)).toEqual(['a', '<|end|>']);
  expect(described.top[0]?.logprob).toBeCloseTo(Math.log(Math.exp(2) / total), 5);
});
