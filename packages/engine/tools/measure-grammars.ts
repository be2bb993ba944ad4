// What random grammars that the API would accept cost, without a model.
//
//  node --expose-gc --import tsx packages/engine/tools/measure-grammars.ts [grammars] [tokens]
//
// For each grammar, random tokens are chosen from its masks. Prints the worst: the time to open, the
// longest part of it that is not divided, the time of one mask, nanoseconds of processor time per
// step of work (of answers that did not end at a limit), and the memory that the answer leaves
// behind, measured and estimated.
import { GrammarError, type OutputGrammar } from '@runfleet/grammar';

import { buildTokenizer } from '../src/builder/phi3/build-tokenizer.ts';
import { GrammarPath } from '../src/grammar/grammar-path.ts';
import { Grammar } from '../src/grammar/grammar.ts';
import { readVocabulary } from '../src/grammar/vocabulary.ts';
import { SeededRandom } from '../src/sampling/seeded-random.ts';
import { drawGrammar } from './draw-grammar.ts';

const [COUNT = 1_000, TOKENS = 100] = process.argv.slice(2).map(Number);
const { tokenizer, idOf } = buildTokenizer(32_064);
const stopId = idOf('<|end|>');
const vocabulary = readVocabulary({ tokenizer, stopIds: new Set([stopId]) });
const random = new SeededRandom(7n);

type Row = {
  grammar: OutputGrammar;
  openMs: number;
  turnMs: number;
  maskMs: number;
  nsPerStep: number;
  steps: number;
  heapMiB: number;
  estimatedMiB: number;
};
const rows: Row[] = [];
let ended = 0;
const refusals = new Map<string, number>();
while (rows.length < COUNT) {
  const grammar = drawGrammar(random);
  const row = measure(grammar);
  if (row) rows.push(row);
}
process.stdout.write(`${rows.length} grammars were accepted; ${ended} answers ended at a limit.\n`);
for (const [why, times] of refusals) process.stdout.write(`  refused ${times}: ${why}\n`);
for (const key of ['openMs', 'turnMs', 'maskMs', 'nsPerStep', 'steps', 'heapMiB'] as const) {
  rows.sort((left, right) => right[key] - left[key]);
  const at = (share: number) => (rows[Math.floor(share * rows.length)]?.[key] ?? 0).toFixed(1);
  process.stdout.write(`${key}: median ${at(0.5)}, p99 ${at(0.01)}, worst:\n`);
  for (const { grammar, ...numbers } of rows.slice(0, 3)) {
    const shown = Object.entries(numbers).map(([name, value]) => `${name} ${value.toFixed(1)}`);
    process.stdout.write(`  ${shown.join(', ')}  ${JSON.stringify(grammar).slice(0, 200)}\n`);
  }
}

function measure(given: OutputGrammar): Row | undefined {
  globalThis.gc?.();
  const heapBefore = process.memoryUsage().heapUsed;
  const start = cpuMs();
  let turnStart = start;
  let turnMs = 0;
  const endTurn = () => {
    const now = cpuMs();
    turnMs = Math.max(turnMs, now - turnStart);
    turnStart = now;
  };
  let grammar: Grammar;
  try {
    grammar = new Grammar(given, vocabulary, endTurn);
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    const why = error.problem.replaceAll(/\d[\d,]*/gu, 'N').slice(0, 60);
    refusals.set(why, (refusals.get(why) ?? 0) + 1);
    return undefined;
  }
  endTurn();
  const path = new GrammarPath(grammar);
  const openMs = cpuMs() - start;
  let maskMs = 0;
  let hasFailed = false;
  try {
    for (let token = 0; token < TOKENS; token += 1) {
      const from = cpuMs();
      let mask: Int32Array;
      try {
        mask = path.mask();
      } finally {
        maskMs = Math.max(maskMs, cpuMs() - from);
      }
      const id = drawToken(mask);
      if (id === undefined) break;
      path.take(id);
    }
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    ended += 1;
    hasFailed = true;
  }
  const ms = cpuMs() - start;
  globalThis.gc?.();
  const heapMiB = (process.memoryUsage().heapUsed - heapBefore) / 2 ** 20;
  const nsPerStep = !hasFailed && path.steps > 20_000 ? (ms * 1e6) / path.steps : 0;
  const estimatedMiB = grammar.sizeBytes / 2 ** 20;
  const { steps } = path;
  return { grammar: given, openMs, turnMs, maskMs, nsPerStep, steps, heapMiB, estimatedMiB };
}

/** One of the allowed tokens; undefined if only the end is allowed. */
function drawToken(mask: Int32Array): number | undefined {
  const offset = random.nextUint32() % (mask.length * 32);
  for (let at = 0; at < mask.length * 32; at += 1) {
    const id = (at + offset) % (mask.length * 32);
    if (id !== stopId && ((mask[id >> 5] ?? 0) >>> (id & 31)) & 1) return id;
  }
  return undefined;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
