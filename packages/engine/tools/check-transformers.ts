// Compares the engine with @huggingface/transformers, which runs the same model folder through its
// own tokenizer, generation loop and sampler: 20 prompts, token for token.
//
//  node --import tsx packages/engine/tools/check-transformers.ts [folder to install into]
//
// The package is 474 MB with its dependencies, so it is installed into a temporary folder (or the
// given one, to reuse it) and is not a dependency. Its install scripts would download more; they
// are off.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { readModelFolder } from '../src/folder/model-folder.ts';
import { buildModelFolder, openEngine } from '../src/index.ts';
import { openOrtNode } from '../src/runtime/ort-node/ort-node.ts';
import { Sampler } from '../src/sampling/sampler.ts';
import { aRequest, TWENTY_PROMPTS } from '../src/testing/a-request.ts';

type Answer = { promptIds: number[]; ids: number[]; text: string };

const TOKENS = 64;
// transformers.js reads special tokens in a user's text as such; the engine deliberately does not.
const prompts = TWENTY_PROMPTS.map((prompt) => prompt.replaceAll(/<\|?|\|?>/gu, ''));

const work = await mkdtemp(join(tmpdir(), 'runfleet-transformers-'));
try {
  const packageDir = process.argv[2] ? resolve(process.argv[2]) : join(work, 'package');
  const modelDir = join(work, 'model');
  await install(packageDir);
  await buildModelFolder(modelDir, { layout: 'transformers' });
  const [theirs, ours] = [
    await transformersAnswers(packageDir, modelDir),
    await ownAnswers(modelDir),
  ];
  process.exitCode = compare(theirs, ours) ? 0 : 1;
} finally {
  await rm(work, { recursive: true, force: true });
}

async function install(packageDir: string) {
  if (existsSync(join(packageDir, 'node_modules/@huggingface/transformers'))) return;
  process.stdout.write(`Installing @huggingface/transformers into ${packageDir} ...\n`);
  await mkdir(packageDir, { recursive: true });
  await writeFile(join(packageDir, 'package.json'), '{}');
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', ...flags, '@huggingface/transformers@4'], packageDir, '');
}

async function transformersAnswers(packageDir: string, modelDir: string): Promise<Answer[]> {
  const script = fileURLToPath(new URL('./transformers-answers.ts', import.meta.url));
  const input = JSON.stringify(prompts.map((prompt) => aRequest(prompt).messages));
  const args = ['--import', 'tsx', script, packageDir, modelDir, String(TOKENS)];
  return JSON.parse(await run(process.execPath, args, process.cwd(), input));
}

async function ownAnswers(modelDir: string): Promise<Answer[]> {
  const options = { provider: 'cpu', slots: 1, threads: 1 } as const;
  const engine = await openEngine({ kind: 'onnx', modelDir, ...options });
  const folder = await readModelFolder(modelDir);
  const runtime = await openOrtNode(folder, options);
  const answers: Answer[] = [];
  for (const prompt of prompts) {
    const request = aRequest(prompt, { maxTokens: TOKENS, minTokens: TOKENS });
    const prepared = await engine.prepare(request);
    let shown = '';
    const { signal } = new AbortController();
    await engine.generate(prepared, (chunk) => (shown += chunk.text), signal);

    // The engine returns text; the ids come from the same runtime and sampler below it.
    const sampler = new Sampler(request, [], folder.stopIds);
    const ids: number[] = [];
    let logits: Float32Array | undefined = await runtime.prefillChunk(0, prepared.promptIds, 0);
    for (let length = prepared.promptIds.length; ; length += 1) {
      if (!logits) throw new Error('The runtime returned no logits.');
      const id = sampler.next(logits);
      ids.push(id);
      if (ids.length === TOKENS) break;
      [logits] = await runtime.decode([{ slot: 0, id, length }]);
    }
    runtime.rewind(0, 0);
    answers.push({ promptIds: [...prepared.promptIds], ids, text: shown });
  }
  await runtime[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  return answers;
}

function compare(theirs: readonly Answer[], ours: readonly Answer[]): boolean {
  let equal = 0;
  for (const [index, prompt] of prompts.entries()) {
    const differing = (['promptIds', 'ids', 'text'] as const).filter(
      (part) => JSON.stringify(theirs[index]?.[part]) !== JSON.stringify(ours[index]?.[part]),
    );
    if (differing.length === 0) equal += 1;
    for (const part of differing) {
      const [left, right] = [theirs[index]?.[part], ours[index]?.[part]].map((value) =>
        JSON.stringify(value),
      );
      process.stdout.write(`${JSON.stringify(prompt)}: ${part} differ\n  ${left}\n  ${right}\n`);
    }
  }
  process.stdout.write(
    `${equal} of ${prompts.length} prompts agree token for token (${TOKENS} tokens).\n`,
  );
  return equal === prompts.length;
}

async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  input: string,
): Promise<string> {
  const child = spawn(command, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = new Promise<void>((settle, fail) => {
    child.once('error', fail);
    child.once('close', (code) =>
      code === 0 ? settle() : fail(new Error(`${command} ended with ${code}`)),
    );
  });
  child.stdin.end(input);
  const [output] = await Promise.all([text(child.stdout), exit]);
  return output;
}
