// Asks the demo model as workers do. With --against it compares the engine's greedy answers, token
// for token, with those of the PyTorch model, from models/demo/train/ask.py --prompts. With --score
// it counts right answers to questions that were held out of training.
//
//  node --import tsx packages/engine/tools/ask-demo.ts [--temperature 0.7] "What is a task?" ...
//  node --import tsx packages/engine/tools/ask-demo.ts --against IDS.JSON QUESTIONS.JSON
//  node --import tsx packages/engine/tools/ask-demo.ts --score HELD-OUT.JSONL [--wrong]
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { readModelFolder } from '../src/folder/model-folder.ts';
import { buildDemoModelFolder, openEngine } from '../src/index.ts';
import { aRequest } from '../src/testing/a-request.ts';
import { Detokenizer } from '../src/text/detokenizer.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    temperature: { type: 'string', default: '0' },
    against: { type: 'string' },
    score: { type: 'string' },
    wrong: { type: 'boolean' },
  },
});
const temperature = Number(values.temperature);
const work = await mkdtemp(join(tmpdir(), 'runfleet-demo-'));
const dir = join(work, 'demo');
const began = performance.now();
await buildDemoModelFolder(dir);
process.stdout.write(`Built in ${Math.round(performance.now() - began)} ms.\n`);
const engine = await openEngine({
  kind: 'onnx',
  modelDir: dir,
  provider: 'cpu',
  slots: 1,
  threads: 1,
});
try {
  if (values.against) await compare(values.against, positionals[0] ?? '');
  else if (values.score) await score(values.score);
  else await answerAll(positionals);
} finally {
  await engine[Symbol.asyncDispose]();
  await rm(work, { recursive: true, force: true });
}

async function answerAll(prompts: readonly string[]) {
  let [tokens, milliseconds] = [0, 0];
  for (const [index, prompt] of prompts.entries()) {
    const { text, result } = await answer(prompt, BigInt(index));
    tokens += result.completionTokens;
    milliseconds += result.decodeMs;
    process.stdout.write(`> ${prompt}\n${text} [${result.finishReason}]\n\n`);
  }
  process.stdout.write(`${Math.round((1000 * tokens) / milliseconds)} tokens a second.\n`);
}

async function answer(prompt: string, seed: bigint) {
  const changes = { maxTokens: 160, temperature, greedy: temperature === 0, seed };
  const prepared = await engine.prepare(aRequest(prompt, changes));
  let text = '';
  const signal = new AbortController().signal;
  const result = await engine.generate(prepared, (chunk) => (text += chunk.text), signal);
  return { text, result };
}

async function compare(idsFile: string, questionsFile: string) {
  const { tokenizer } = await readModelFolder(dir);
  const questions: string[] = JSON.parse(await readFile(questionsFile, 'utf8'));
  const expected: number[][] = JSON.parse(await readFile(idsFile, 'utf8'));
  let same = 0;
  for (const [index, question] of questions.entries()) {
    const { text, result } = await answer(question, 0n);
    const detokenizer = new Detokenizer(tokenizer);
    const ids = expected[index] ?? [];
    const theirs = ids.map((id) => detokenizer.next(id)).join('') + detokenizer.end();
    const isSame = text === theirs && result.completionTokens === ids.length;
    if (isSame) same += 1;
    else process.stdout.write(`${question}\n  engine:  ${text}\n  PyTorch: ${theirs}\n`);
  }
  process.stdout.write(`${same} of ${questions.length} greedy answers agree.\n`);
  process.exitCode = same === questions.length ? 0 : 1;
}

/** Prints the share of right answers, by group of questions. */
async function score(file: string) {
  const groups = new Map<string, { right: number; all: number }>();
  for (const line of (await readFile(file, 'utf8')).trim().split('\n')) {
    const { group, ask, must }: { group: string; ask: string; must: string[] } = JSON.parse(line);
    const { text, result } = await answer(ask, 1n);
    const lowerText = text.toLowerCase();
    const isRight =
      result.finishReason === 'stop' && must.some((part) => lowerText.includes(part.toLowerCase()));
    const count = groups.get(group) ?? { right: 0, all: 0 };
    groups.set(group, { right: count.right + Number(isRight), all: count.all + 1 });
    if (values.wrong && !isRight) process.stdout.write(`${ask}\n  ${text}\n`);
  }
  for (const [group, { right, all }] of groups) process.stdout.write(`${group}: ${right}/${all}\n`);
}
