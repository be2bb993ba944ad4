// How much an answer under a hard grammar delays the one beside it.
//
//  node --import tsx packages/engine/tools/measure-neighbours.ts [grammars]
//
// A small model with Phi's vocabulary answers freely: alone, and then beside one answer after the
// other under random grammars that the API would accept. Prints the gaps between the free answer's
// outputs, which are at least 16 ms apart: medians of three rounds.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openGrammar, type OutputGrammar } from '@runfleet/grammar';

import { buildModelFolder } from '../src/builder/build-model-folder.ts';
import type { Engine, GenerateRequest } from '../src/engine.ts';
import { openEngine } from '../src/open-engine.ts';
import { SeededRandom } from '../src/sampling/seeded-random.ts';
import { aRequest } from '../src/testing/a-request.ts';
import { drawGrammar } from './draw-grammar.ts';

const TOKENS = 200;
const ROUNDS = 3;
const never = new AbortController().signal;
const random = new SeededRandom(7n);

const dir = await mkdtemp(join(tmpdir(), 'runfleet-neighbours-'));
const modelDir = join(dir, 'model');
await buildModelFolder(modelDir, {
  vocabularySize: 32_064,
  hiddenSize: 512,
  intermediateSize: 1_024,
  layers: 4,
});
await using engine = await openEngine({
  kind: 'onnx',
  modelDir,
  provider: 'cpu',
  slots: 4,
  threads: 1,
});

const hardest: OutputGrammar[] = [
  { kind: 'json' },
  { kind: 'regex', pattern: '((.*[a-m].{60}|.*[n-z].{70}|.*[A-M].{80}){1,50})' },
  { kind: 'regex', pattern: '(([a-z]{0,20} ){0,30}[.]){1,50}' },
];
const grammars = [
  ...hardest,
  ...Array.from({ length: Number(process.argv[2] ?? 100) }, () => drawGrammar(random)),
].filter(isTaken);
const measured: { grammar: OutputGrammar; gaps: Gaps }[] = [];
for (const grammar of grammars) measured.push({ grammar, gaps: await gapsBeside(engine, grammar) });
measured.sort((left, right) => right.gaps.p99 - left.gaps.p99);
process.stdout.write(
  `${grammars.length} grammars were accepted; the worst of them again, in turns:\n`,
);
const compared: [string, OutputGrammar | null | undefined][] = [
  ['alone', undefined],
  ['beside a free answer', null],
  ...measured
    .slice(0, 3)
    .map(({ grammar }): [string, OutputGrammar] => [JSON.stringify(grammar), grammar]),
];
const rounds: Gaps[][] = compared.map(() => []);
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [index, [, grammar]] of compared.entries()) {
    rounds[index]?.push(await gapsBeside(engine, grammar));
  }
}
for (const [index, [name]] of compared.entries()) {
  const of = rounds[index] ?? [];
  const median = (value: (gaps: Gaps) => number) =>
    of.map(value).toSorted((left, right) => left - right)[of.length >> 1] ?? 0;
  say(name.slice(0, 90), {
    p50: median(({ p50 }) => p50),
    p99: median(({ p99 }) => p99),
    max: median(({ max }) => max),
    totalMs: median(({ totalMs }) => totalMs),
    wait: of.at(-1)?.wait ?? '',
  });
}
await rm(dir, { recursive: true });

type Gaps = { p50: number; p99: number; max: number; totalMs: number; wait: string };

/** Undefined runs nothing beside it, null a free answer. */
async function gapsBeside(on: Engine, grammar: OutputGrammar | null | undefined): Promise<Gaps> {
  const stop = new AbortController();
  const beside = grammar === undefined ? undefined : keepAnswering(on, grammar, stop.signal);
  const times: number[] = [];
  await answer(on, { minTokens: TOKENS, maxTokens: TOKENS }, never, () =>
    times.push(performance.now()),
  );
  stop.abort();
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at));
  gaps.sort((left, right) => left - right);
  const at = (share: number) => gaps[Math.floor(share * (gaps.length - 1))] ?? 0;
  const totalMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  return { p50: at(0.5), p99: at(0.99), max: at(1), totalMs, wait: (await beside) ?? '' };
}

async function keepAnswering(on: Engine, grammar: OutputGrammar | null, signal: AbortSignal) {
  let [answers, tokens, waitMs, failure] = [0, 0, 0, ''];
  while (!signal.aborted) {
    const changes = {
      grammar,
      greedy: false,
      temperature: 1,
      maxTokens: TOKENS,
      seed: BigInt(answers),
    };
    try {
      const result = await answer(on, changes, signal, () => {});
      tokens += result.completionTokens;
      waitMs += result.maskWaitMs ?? 0;
    } catch (error) {
      if (!signal.aborted) failure = error instanceof Error ? error.message.slice(0, 60) : '';
    }
    answers += 1;
  }
  return `${answers} answers, ${tokens} tokens, waited ${waitMs.toFixed(0)} ms ${failure}`;
}

async function answer(
  on: Engine,
  changes: Partial<GenerateRequest>,
  signal: AbortSignal,
  onOutput: () => void,
) {
  // Log probabilities are sent with each token, even if its text is not complete yet.
  const prepared = await on.prepare(aRequest('What is a task?', { topLogprobs: 0, ...changes }));
  return await on.generate(prepared, onOutput, signal);
}

function isTaken(grammar: OutputGrammar): boolean {
  try {
    openGrammar(grammar);
    return true;
  } catch {
    return false;
  }
}

function say(name: string, { p50, p99, max, totalMs, wait }: Gaps) {
  const ms = (value: number) => value.toFixed(2).padStart(7);
  process.stdout.write(
    `p50 ${ms(p50)} p99 ${ms(p99)} max ${ms(max)} all ${ms(totalMs)} ms  ${name}  ${wait}\n`,
  );
}
