// What sampling, log probabilities and grammars cost per token, on logits of Phi's vocabulary size.
//
//  node --import tsx packages/engine/tools/measure-text.ts [tokenizer.json]
//
// Without a file it uses a vocabulary of Phi's size that is mostly filler.
import { readFile } from 'node:fs/promises';

import type { OutputGrammar } from '@runfleet/grammar';

import { buildTokenizer } from '../src/builder/phi3/build-tokenizer.ts';
import { GrammarPath } from '../src/grammar/grammar-path.ts';
import { Grammars } from '../src/grammar/grammars.ts';
import { readVocabulary } from '../src/grammar/vocabulary.ts';
import { Sampler } from '../src/sampling/sampler.ts';
import { SeededRandom } from '../src/sampling/seeded-random.ts';
import { TokenOdds } from '../src/sampling/token-odds.ts';
import { parseTokenizerFile } from '../src/text/tokenizer-file.ts';
import { Tokenizer } from '../src/text/tokenizer.ts';

const ROWS = 32_064;
const ROUNDS = 400;
const OFF = {
  temperature: 0.7,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  seed: 1n,
  greedy: false,
  minTokens: 0,
};
const say = (line: string) => process.stdout.write(`${line}\n`);

const json = process.argv[2] ? JSON.parse(await readFile(process.argv[2], 'utf8')) : undefined;
const tokenizer = json ? new Tokenizer(parseTokenizerFile(json)) : buildTokenizer(ROWS).tokenizer;
const random = new SeededRandom(3n);
// Nearly normal, with a few tokens far ahead of the rest, as in a confident model.
const logits = Float32Array.from({ length: ROWS }, () => 8 + 6 * (sixSum() - 3));
for (const [id, logit] of [24, 22.5, 21].entries()) logits[1_000 * (id + 1)] = logit;

measureSampling();
measureGrammars();

function measureSampling() {
  const prompt = Array.from({ length: 1_000 }, (_, at) => (at * 31) % ROWS);
  const settings = {
    greedy: { greedy: true },
    'temperature 0.7': {},
    'and top_p 0.95': { topP: 0.95 },
    'and top_k 40': { topP: 0.95, topK: 40 },
    'min_p 0.05': { minP: 0.05 },
    'top_p 0.95, all penalties': {
      topP: 0.95,
      repetitionPenalty: 1.1,
      presencePenalty: 0.1,
      frequencyPenalty: 0.1,
    },
  };
  const row = new Float32Array(ROWS);
  for (const [name, changes] of Object.entries(settings)) {
    const sampler = new Sampler({ ...OFF, ...changes }, prompt, new Set([2]));
    report(
      name,
      () => row.set(logits),
      () => sampler.next(row),
    );
  }
  const odds = new TokenOdds(5, tokenizer);
  report(
    'logprobs, 5 others',
    () => {},
    () => {
      odds.record(logits);
      odds.describe(1_000);
    },
  );
}

function measureGrammars() {
  const person = {
    type: 'object',
    properties: {
      name: { type: 'string', maxLength: 40 },
      age: { type: 'integer', minimum: 0, maximum: 150 },
      tags: { type: 'array', items: { type: 'string' }, maxItems: 5 },
    },
    required: ['name', 'age', 'tags'],
  };
  const given: Record<string, OutputGrammar> = {
    'schema of a person': { kind: 'json_schema', schema: JSON.stringify(person) },
    'any json': { kind: 'json' },
    'a pattern': { kind: 'regex', pattern: '[A-Z][a-z]{2,20}( [A-Z][a-z]{2,20}){1,3}' },
  };
  const grammars = new Grammars(readVocabulary({ tokenizer, stopIds: new Set([2]) }));
  for (const [name, grammar] of Object.entries(given)) {
    const startedAt = performance.now();
    const opened = grammars.open(grammar);
    const openMs = performance.now() - startedAt;
    for (const pass of ['first answers', 'later ones']) {
      const masks: number[] = [];
      for (let answer = 0; answer < 5; answer += 1) follow(new GrammarPath(opened), masks);
      say(`${name}: compiled in ${openMs.toFixed(1)} ms; mask, ${pass}: ${spread(masks)}`);
    }
  }
}

function follow(path: GrammarPath, masks: number[]) {
  for (let tokens = 0; tokens < 60; tokens += 1) {
    const startedAt = performance.now();
    const mask = path.mask();
    masks.push(performance.now() - startedAt);
    const ids: number[] = [];
    for (let id = 3; id < tokenizer.idCount; id += 1)
      if (((mask[id >> 5] ?? 0) >>> (id & 31)) & 1) ids.push(id);
    const id = ids[random.nextUint32() % ids.length];
    if (id === undefined) return;
    path.take(id);
  }
}

function report(name: string, prepare: () => void, run: () => unknown) {
  const times: number[] = [];
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    prepare();
    const startedAt = performance.now();
    run();
    // The first half warms up the compiler.
    if (round >= ROUNDS) times.push(performance.now() - startedAt);
  }
  say(`${name}: ${spread(times)}`);
}

function spread(times: number[]) {
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number) =>
    `${(1_000 * (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN)).toFixed(1)} us`;
  return `least ${at(0)}, median ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)}`;
}

function sixSum() {
  let sum = 0;
  for (let at = 0; at < 6; at += 1) sum += random.nextUnit();
  return sum;
}
