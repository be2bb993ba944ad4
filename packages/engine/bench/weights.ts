/**
 * Compares the folder that `convertGguf` writes with others on the same GGUF file: greedy answers and
 * perplexity with llama.cpp and, if a Python with torch, transformers, gguf and accelerate is given,
 * with PyTorch on the dequantised weights; then CPU time and tokens a second beside llama.cpp, in
 * turns. CPU time with one thread is comparable on a busy machine, tokens a second are not.
 *
 *  node --import tsx packages/engine/bench/weights.ts FILE.gguf [--python PYTHON] [--peers FOLDER]
 *      [--threads 2] [--rounds 3] [--contexts 64,2048] [--prompts 50] [--tokens 48]
 *      [--only speed]
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, homedir, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { convertGguf } from '../src/builder/convert-gguf.ts';
import { readModelFolder } from '../src/folder/model-folder.ts';
import { encodeChatInSteps } from '../src/text/encode-chat.ts';
import { runAtOnce } from '../src/text/in-steps.ts';
import { AllLogits } from './all-logits.ts';
import { installPeers } from './install-peers.ts';
import type { Decoded } from './protocol.ts';
import { ratio, spreadOf } from './report.ts';
import { System } from './systems/start-system.ts';

const PRECISIONS = ['exact', 'close', 'fast'] as const;
const BATCHES = [1, 8];
const TIMED_TOKENS = 64;
/** Tokens of text whose likelihood is measured, each after all before it in its window. */
const WINDOW = 512;
/** Logits closer than this, of about 30 that they span, differ only by rounding in float32. */
const TIE = 1e-2;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string' },
    peers: { type: 'string', default: join(homedir(), '.cache/runfleet/engine-peers') },
    threads: { type: 'string', default: String(cpus().length) },
    rounds: { type: 'string', default: '3' },
    contexts: { type: 'string', default: '64,2048' },
    prompts: { type: 'string', default: '50' },
    tokens: { type: 'string', default: '48' },
    only: { type: 'string' },
  },
});
const [gguf] = positionals;
if (gguf === undefined) throw new Error('Name a GGUF file.');
const answerTokens = Number(values.tokens);
const contexts = values.contexts.split(',').map(Number);
const say = (line: string) => void process.stdout.write(`${line}\n`);
const work = await mkdtemp(join(tmpdir(), 'runfleet-weights-'));
const systems: System[] = [];

try {
  say(`${cpus()[0]?.model}, ${values.threads} threads; load ${loadavg()[0]?.toFixed(1)}`);
  for (const precision of PRECISIONS) {
    await convertGguf({ path: gguf, dir: join(work, precision), precision });
  }
  await installPeers(values.peers);
  const longest = Math.max(WINDOW, ...contexts) + 2 * TIMED_TOKENS;
  const own = (dir: string) => [dir, 'capi', 'cpu', '8', values.threads, String(longest)];
  const ours = {
    close: await start('Runfleet', 'runfleet.ts', own(join(work, 'close'))),
    fast: await start('Runfleet --fast', 'runfleet.ts', own(join(work, 'fast'))),
  };
  const llama = await start('llama.cpp', 'llama-cpp.ts', [
    values.peers,
    gguf,
    values.threads,
    '8',
    String(8 * longest),
  ]);
  if (values.only !== 'speed') {
    await comparePerplexity(llama);
    await compareAnswers(join(work, 'exact'), { ...ours, llama });
  }
  await compareSpeed({ ...ours, llama });
} finally {
  for (const system of systems) await system[Symbol.asyncDispose]();
  await rm(work, { recursive: true, force: true });
}

async function start(name: string, script: string, args: readonly string[]): Promise<System> {
  const system = await System.start(name, script, args);
  systems.push(system);
  return system;
}

type Systems = { close: System; fast: System; llama: System };

async function compareAnswers(dir: string, { close, fast, llama }: Systems): Promise<void> {
  const prompts = await chatPrompts(dir, Number(values.prompts));
  const answers = await close.continue(prompts, answerTokens);
  await using logits = await AllLogits.open(dir);
  const compare = async (left: number[][], name: string, right: number[][]) => {
    const gaps = await Promise.all(
      left.flatMap((mine, at) => {
        const other = cut(right[at] ?? [], mine.length);
        const place = mine.findIndex((id, index) => id !== other[index]);
        if (place < 0) return [];
        const ids = [...(prompts[at] ?? []), ...mine.slice(0, place)];
        return [logits.gap(ids, mine[place] ?? 0, other[place] ?? 0)];
      }),
    );
    const ties = gaps.filter((gap) => gap < TIE).length;
    const widest =
      gaps.length === 0
        ? ''
        : `, the widest where logits differ by ${Math.max(...gaps).toFixed(3)}`;
    say(
      `${name}: ${left.length - gaps.length} of ${left.length} greedy answers of up to ${answerTokens} tokens are equal; ${ties} others part at a tie within rounding, ${gaps.length - ties} elsewhere${widest}.`,
    );
  };
  if (values.python) {
    const pytorch = await System.startPython('PyTorch', values.python, [
      'pytorch.py',
      gguf ?? '',
      'cpu',
      'float32',
    ]);
    systems.push(pytorch);
    await compare(answers, 'Runfleet and PyTorch', await pytorch.continue(prompts, answerTokens));
    await pytorch[Symbol.asyncDispose]();
  }
  const theirs = await llama.continue(prompts, answerTokens);
  await compare(answers, 'Runfleet and llama.cpp', theirs);
  await compare(
    answers,
    'Runfleet and Runfleet --fast',
    await fast.continue(prompts, answerTokens),
  );
}

/** An answer of the engine has no id that ends it; the others go on. */
function cut(ids: readonly number[], length: number): readonly number[] {
  return ids.slice(0, length);
}

async function chatPrompts(dir: string, count: number): Promise<number[][]> {
  const { chat, tokenizer } = await readModelFolder(dir);
  const verbs = [
    'Explain',
    'Describe',
    'Write a poem about',
    'List five facts about',
    'Tell me about',
  ];
  const things = [
    'rain',
    'the moon',
    'bread',
    'a bicycle',
    'honesty',
    'rivers',
    'glass',
    'winter',
    'ants',
    'music',
  ];
  return Array.from({ length: count }, (_, at) => {
    const content = `${verbs[at % 5]} ${things[Math.floor(at / 5) % 10]}.`;
    const parts = chat.partsOf([{ role: 'user', content }]);
    return [...runAtOnce(encodeChatInSteps(parts, tokenizer))];
  });
}

async function comparePerplexity(llama: System): Promise<void> {
  const text = await readFile(new URL('public-domain.txt', import.meta.url), 'utf8');
  const { tokenizer } = await readModelFolder(join(work, 'exact'));
  const ids = [...tokenizer.encode(text)];
  const windows = Array.from({ length: Math.floor(ids.length / WINDOW) }, (_, at) =>
    ids.slice(at * WINDOW, (at + 1) * WINDOW),
  );
  const perplexityOf = (losses: readonly number[]) =>
    Math.exp(losses.reduce((sum, loss) => sum + loss, 0) / (windows.length * (WINDOW - 1)));
  const mine = async (dir: string) => {
    await using logits = await AllLogits.open(dir);
    const losses: number[] = [];
    for (const window of windows) losses.push(await logits.loss(window));
    return perplexityOf(losses);
  };
  const losses: number[] = [];
  for (const window of windows) losses.push(await llama.loss(window));
  const theirs = perplexityOf(losses);
  for (const precision of PRECISIONS) {
    const own = await mine(join(work, precision));
    say(
      `Perplexity of ${windows.length * (WINDOW - 1)} tokens: Runfleet, ${precision}, ${own.toFixed(4)}, llama.cpp ${theirs.toFixed(4)} (${(100 * (own / theirs - 1)).toFixed(2)} %).`,
    );
  }
}

async function compareSpeed(all: Systems): Promise<void> {
  const decoded: Record<string, Decoded[]> = {};
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const contextTokens of contexts) {
      for (const batch of BATCHES) {
        // Each system goes first in some rounds, so a drift of the machine affects all.
        const order = Object.entries(all);
        for (const [name, system] of [...order.slice(round % 3), ...order.slice(0, round % 3)]) {
          const measured = await system.decode('decode', {
            batch,
            contextTokens,
            tokens: TIMED_TOKENS,
          });
          (decoded[`${name} ${batch}@${contextTokens}`] ??= []).push(measured);
        }
      }
    }
    say(`round ${round + 1} of ${values.rounds} done; load ${loadavg()[0]?.toFixed(1)}`);
  }
  const read = (what: (measured: Decoded, batch: number) => number) => (name: string, at: Place) =>
    (decoded[`${name} ${at.batch}@${at.context}`] ?? []).map((one) => what(one, at.batch));
  print('CPU milliseconds a step', 1, (name, at) => ({
    ours: read((one, batch) => batch * one.cpuMsPerToken)(name, at),
    isLessBetter: true,
  }));
  print('Tokens a second', 0, (name, at) => ({
    ours: read(({ tokensPerSecond }) => tokensPerSecond)(name, at),
    isLessBetter: false,
  }));
}

type Place = { batch: number; context: number };

/** A table of one measurement, with the ratio to llama.cpp; more than 1 is better. */
function print(
  title: string,
  decimals: number,
  measured: (name: string, at: Place) => { ours: number[]; isLessBetter: boolean },
): void {
  say(`\n${title}, sequences@context: median of rounds (least to most), and ratio to llama.cpp`);
  say('| | llama.cpp | Runfleet | ratio | Runfleet --fast | ratio |\n|---|---|---|---|---|---|');
  for (const context of contexts) {
    for (const batch of BATCHES) {
      const at = { batch, context };
      const { ours: theirs, isLessBetter } = measured('llama', at);
      const cells = ['close', 'fast'].flatMap((name) => {
        const { ours } = measured(name, at);
        const ratios = isLessBetter ? ratio(theirs, ours) : ratio(ours, theirs);
        return [spreadOf(ours, decimals), spreadOf(ratios, 2)];
      });
      say(`| ${[`${batch}@${context}`, spreadOf(theirs, decimals), ...cells].join(' | ')} |`);
    }
  }
}
