// Compares the engine's tokenizer with the `tokenizers` package, the reference for the file format,
// on texts of twenty scripts: id for id, both for plain text and for text that contains special
// tokens. Then encodes a million characters of several kinds and prints how long the event loop
// waited.
//
// node --import tsx packages/engine/tools/check-tokenizer.ts [tokenizer.json] [folder to install
// into]
//
// Without a file it uses the vocabulary of the test models. The package is 64 MB, so it is
// installed into a temporary folder (or the given one, to reuse it) and is not a dependency.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { buildTokenizer } from '../src/builder/phi3/build-tokenizer.ts';
import { SeededRandom } from '../src/sampling/seeded-random.ts';
import { randomText } from '../src/testing/random-text.ts';
import { runInTurns } from '../src/text/in-steps.ts';
import { parseTokenizerFile } from '../src/text/tokenizer-file.ts';
import { Tokenizer } from '../src/text/tokenizer.ts';

/** The parts of the `tokenizers` package that are used. */
type ReferenceTokenizer = {
  encode(
    text: string,
    pair: null,
    options: { addSpecialTokens: boolean },
  ): Promise<{ getIds(): number[] }>;
};
type ReferenceClass = { fromFile(path: string): ReferenceTokenizer };

const TEXTS = 20_000;
const CHARACTERS = 1_000_000;
const say = (line: string) => process.stdout.write(`${line}\n`);

const work = await mkdtemp(join(tmpdir(), 'runfleet-tokenizers-'));
try {
  const json = process.argv[2]
    ? JSON.parse(await readFile(process.argv[2], 'utf8'))
    : buildTokenizer(1088).json;
  const packageDir = process.argv[3] ? resolve(process.argv[3]) : join(work, 'package');
  await install(packageDir);
  const { Tokenizer: Reference }: { Tokenizer: ReferenceClass } = createRequire(
    join(packageDir, 'package.json'),
  )('tokenizers');
  const tokenizer = new Tokenizer(parseTokenizerFile(json));
  // Without its added tokens the reference reads a special token as ordinary text.
  const plain = { ...json, added_tokens: [], post_processor: null };
  await compare(tokenizer, await load(Reference, plain));
  await measure(tokenizer);
} finally {
  await rm(work, { recursive: true, force: true });
}

async function install(packageDir: string) {
  if (existsSync(join(packageDir, 'node_modules/tokenizers'))) return;
  say(`Installing tokenizers into ${packageDir} ...`);
  await mkdir(packageDir, { recursive: true });
  await writeFile(join(packageDir, 'package.json'), '{}');
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawn('npm', ['install', ...flags, 'tokenizers@0.23.2'], {
    cwd: packageDir,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = await once(npm, 'exit');
  if (code !== 0) throw new Error(`npm install ended with ${code}`);
}

async function load(Reference: ReferenceClass, json: object) {
  const path = join(work, 'tokenizer.json');
  await writeFile(path, JSON.stringify(json));
  return Reference.fromFile(path);
}

async function compare(tokenizer: Tokenizer, reference: ReferenceTokenizer) {
  const random = new SeededRandom(11n);
  const specials = tokenizer.addedTokens.map(({ content }) => content);
  let ids = 0;
  let different = 0;
  for (let round = 0; round < TEXTS; round += 1) {
    // Every hundredth is long; every second one contains a special token.
    const length = round % 100 === 0 ? 2_000 : 40;
    const special = round % 2 === 0 ? (specials[random.nextUint32() % specials.length] ?? '') : '';
    const text = randomText(random, length) + special + randomText(random, length);
    const own = tokenizer.encode(text);
    const theirs = (await reference.encode(text, null, { addSpecialTokens: false })).getIds();
    ids += theirs.length;
    if (own.length === theirs.length && own.every((id, at) => id === theirs[at])) continue;
    different += 1;
    if (different <= 5) say(`different: ${JSON.stringify(text.slice(0, 200))}`);
  }
  say(`${TEXTS} texts, ${ids} ids: ${different} texts differ`);
  if (different > 0) process.exitCode = 1;
}

async function measure(tokenizer: Tokenizer) {
  const kinds = {
    prose: 'The worker takes a task, and the task waits in a fair queue. ',
    'one letter': 'a',
    spaces: ' ',
    'no spaces': 'thetaskwaits',
    Japanese: '今日はとても良い天気です。',
    emoji: '🚀🔥👩‍👩‍👧',
  };
  for (const [kind, piece] of Object.entries(kinds)) {
    const text = piece.repeat(Math.ceil(CHARACTERS / piece.length));
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const startedAt = performance.now();
    const ids = await runInTurns(tokenizer.encodeInSteps(text));
    const ms = performance.now() - startedAt;
    delay.disable();
    const longest = longestStepMs(tokenizer.encodeInSteps(text)).toFixed(1);
    const [p99, max] = [delay.percentile(99), delay.max].map((ns) => (ns / 1e6).toFixed(1));
    say(`${kind}: ${ids.length} ids in ${ms.toFixed(0)} ms`);
    say(`  event loop late by p99 ${p99} ms, at most ${max} ms; longest step ${longest} ms of CPU`);
  }
}

/** In the process's own CPU time, which other work on the machine does not affect. */
function longestStepMs(work: Iterator<unknown>) {
  let longest = 0;
  for (;;) {
    const before = process.cpuUsage();
    const { done } = work.next();
    const { user, system } = process.cpuUsage(before);
    longest = Math.max(longest, (user + system) / 1_000);
    if (done) return longest;
  }
}
