/**
 * llama.cpp through node-llama-cpp: `llama-cpp.ts <peers folder> <gguf file> <threads> <batch max>
 * <context> [element type of its cache, F16 by default as by llama.cpp's]`.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { type BenchRequest, promptIds, serve, TokenClock } from '../protocol.ts';

const [
  peers = '',
  modelPath = '',
  threads = '2',
  sequences = '8',
  contextSize = '1024',
  cache = 'F16',
] = process.argv.slice(2);
const entry = join(peers, 'node_modules/node-llama-cpp/dist/index.js');
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry).href);
const llama = await getLlama({
  gpu: false,
  build: 'never',
  logLevel: LlamaLogLevel.error,
  maxThreads: Number(threads),
});
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({
  sequences: Number(sequences),
  contextSize: Number(contextSize),
  batchSize: 512,
  experimentalKvCacheKeyType: cache,
  experimentalKvCacheValueType: cache,
  threads: { ideal: Number(threads), min: Number(threads) },
});
/** No token is left out. */
const WHOLE = { temperature: 1, topK: 0, topP: 1, minP: 0 };
const lanes = Array.from({ length: Number(sequences) }, () => context.getSequence());

async function* continued(runSequence: number, ids: readonly number[], tokens: number) {
  await lanes[runSequence].clearHistory();
  let count = 0;
  for await (const id of lanes[runSequence].evaluate(ids, {
    temperature: 0,
    yieldEogToken: true,
  })) {
    yield Number(id);
    count += 1;
    if (count === tokens) return;
  }
}

/** Its probabilities are maps of the whole vocabulary, so a text is read in small parts. */
const LOSS_TOKENS = 32;

async function lossOf(ids: readonly number[]): Promise<number> {
  await lanes[0].clearHistory();
  let loss = 0;
  for (let start = 0; start + 1 < ids.length; start += LOSS_TOKENS) {
    const part = ids.slice(start, Math.min(start + LOSS_TOKENS, ids.length - 1));
    const read = await lanes[0].controlledEvaluate(
      part.map((id) => [id, { generateNext: { probabilities: true, options: WHOLE } }]),
    );
    for (const at of part.keys()) {
      const odds: Map<number, number> = read[at].next.probabilities;
      const total = [...odds.values()].reduce((sum, share) => sum + share, 0);
      loss -= Math.log((odds.get(ids[start + at + 1] ?? 0) ?? 0) / total);
    }
  }
  return loss;
}

serve(async (request: BenchRequest) => {
  if (request.do === 'loss') return { loss: await lossOf(request.ids) };

  if (request.do === 'continue') {
    const ids: number[][] = [];
    for (const prompt of request.prompts) {
      const answer: number[] = [];
      for await (const id of continued(0, prompt, request.tokens)) answer.push(id);
      ids.push(answer);
    }
    return { ids };
  }
  const clock = new TokenClock(request);
  const runSequence = async (sequence: number) => {
    const prompt = promptIds(sequence, request.contextTokens);
    for await (const _ of continued(sequence, prompt, request.tokens)) clock.count(sequence);
  };
  await Promise.all(Array.from({ length: request.batch }, (_, sequence) => runSequence(sequence)));
  return { decoded: clock.end() };
});
