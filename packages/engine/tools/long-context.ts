// Two prompts of 6,000 tokens at once on Phi-3.5-mini's own geometry, int4 with random weights, on
// this machine's CPU: node --import tsx packages/engine/tools/long-context.ts
// Takes 3 GB of disk, 9 GB of memory and six minutes on two cores. The second prompt follows the
// first in the one long slot, and a short answer is written beside both.
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

import { promptIds } from '../bench/protocol.ts';
import { buildModelFolder } from '../src/builder/build-model-folder.ts';
import { FULL_MODEL } from '../src/builder/model-size.ts';
import { openEngine } from '../src/open-engine.ts';
import { aRequest } from '../src/testing/a-request.ts';

const PROMPT_TOKENS = 6_000;
const ANSWER_TOKENS = 16;
const GB = 1e9;
const startedAt = performance.now();
const say = (text: string) =>
  process.stdout.write(`${((performance.now() - startedAt) / 1_000).toFixed(0)} s  ${text}\n`);

const modelDir = join(tmpdir(), 'runfleet-long-context');
say('building the model');
await buildModelFolder(modelDir, FULL_MODEL);
const engine = await openEngine({
  kind: 'onnx',
  modelDir,
  provider: 'cpu',
  runtime: 'capi',
  slots: 2,
  threads: availableParallelism(),
  contextLength: PROMPT_TOKENS + 2 * ANSWER_TOKENS,
});
say(`open: ${engine.facts.contextLength} tokens of context`);

async function answer(name: string, sequence: number, promptTokens: number) {
  const request = aRequest('', {
    minTokens: ANSWER_TOKENS,
    maxTokens: ANSWER_TOKENS,
    cacheScope: name,
  });
  const prepared = { promptIds: promptIds(sequence, promptTokens), request, callFormat: null };
  let text = '';
  const result = await engine.generate(
    prepared,
    (chunk) => (text += chunk.text),
    new AbortController().signal,
  );
  const rate = (count: number, ms: number) => `${((1_000 * count) / ms).toFixed(1)} tokens/s`;
  say(
    `${name}: ${promptTokens} tokens after ${(result.prefillMs / 1_000).toFixed(0)} s, then ${rate(ANSWER_TOKENS - 1, result.decodeMs)}; ${(process.memoryUsage().rss / GB).toFixed(1)} GB`,
  );
  return text;
}

try {
  const short = answer('short', 3, 64);
  const [first, second] = await Promise.all([
    answer('first', 1, PROMPT_TOKENS),
    answer('second', 1, PROMPT_TOKENS),
  ]);
  await short;
  // They share no cache, so both prompts were read.
  if (first !== second) throw new Error('Equal prompts were answered differently.');
  say('both answers are equal');
} finally {
  await engine[Symbol.asyncDispose]();
}
