/** The engine itself, as a worker uses it: `runfleet.ts <model folder> <capi | stock> <provider> <slots> <threads> [context length]`. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { Engine, OutputChunk } from '../../src/engine.ts';
import { readModelFolder } from '../../src/folder/model-folder.ts';
import { openEngine } from '../../src/open-engine.ts';
import { openRuntime } from '../../src/runtime/open-runtime.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { aRequest } from '../../src/testing/a-request.ts';
import { type Answer, type Ask, promptIds, serve, TokenClock } from '../protocol.ts';

const [modelDir = '', runtimeName = '', provider = '', slots = '', threads = '', contextLength] =
  process.argv.slice(2);
const spec = {
  kind: 'onnx',
  modelDir,
  provider: provider as 'cpu' | 'cuda' | 'webgpu',
  runtime: runtimeName === 'stock' ? 'stock' : 'capi',
  slots: Number(slots),
  threads: Number(threads),
  ...(contextLength !== undefined && { contextLength: Number(contextLength) }),
} as const;
const STALL_RESOLUTION_MS = 1;
const neverAborted = new AbortController().signal;
let engine: Engine | undefined;
let runtime: Runtime | undefined;
let calls = 0;

serve(async (ask): Promise<Answer> => {
  if (ask.do === 'decode') return await decode(ask);
  if (ask.do === 'continue') return await continued(ask);
  runtime ??= (await openRuntime(await readModelFolder(modelDir), spec)).runtime;
  return await bare(runtime, ask);
});

async function decode(ask: Ask & { do: 'decode' }): Promise<Answer> {
  engine ??= await openEngine(spec);
  calls += 1;
  // Several prompts find their beginnings in their slots, so that all are written from one moment on.
  if (ask.batch > 1) await write(engine, { ...ask, tokens: 1 }, () => {});
  const stalls = monitorEventLoopDelay({ resolution: STALL_RESOLUTION_MS });
  const clock = new TokenClock(ask);
  stalls.enable();
  await write(engine, ask, (sequence, tokens) => clock.said(sequence, tokens));
  stalls.disable();
  const stallMs = Math.max(0, stalls.percentile(99) / 1e6 - STALL_RESOLUTION_MS);
  return { decoded: { ...clock.end(), stallMs } };
}

async function write(
  opened: Engine,
  { batch, contextTokens, tokens }: Ask & { do: 'decode' },
  onTokens: (sequence: number, tokens: number) => void,
): Promise<void> {
  // No call finds what an earlier one has read.
  const cacheScope = String(calls);
  const request = aRequest('', { minTokens: tokens, maxTokens: tokens, cacheScope });
  const sequence = async (index: number) => {
    let seen = 0;
    const said = (chunk: { tokens: number }) => {
      onTokens(index, chunk.tokens - seen);
      seen = chunk.tokens;
    };
    const prepared = { promptText: '', promptIds: promptIds(index, contextTokens), request };
    await opened.generate(prepared, said, neverAborted);
    // Text of the last tokens may be none.
    onTokens(index, tokens - seen);
  };
  await Promise.all(Array.from({ length: batch }, (_, index) => sequence(index)));
}

async function bare(
  opened: Runtime,
  { batch, contextTokens, tokens }: Ask & { do: 'bare' },
): Promise<Answer> {
  for (let slot = 0; slot < batch; slot += 1) {
    opened.rewind(slot, 0);
    await prefill(opened, slot, promptIds(slot, contextTokens));
  }
  const clock = new TokenClock({ batch, tokens });
  for (let step = 0; step < tokens; step += 1) {
    const length = contextTokens + step;
    const rows = Array.from({ length: batch }, (_, slot) => ({ slot, id: 500, length }));
    await opened.decode(rows);
    for (const { slot } of rows) clock.said(slot);
  }
  return { decoded: clock.end() };
}

/** Ids come with their log probabilities; an id that ends an answer is not among them. */
async function continued({ prompts, tokens }: Ask & { do: 'continue' }): Promise<Answer> {
  const opened = (engine ??= await openEngine(spec));
  const request = aRequest('', { greedy: true, topLogprobs: 0, maxTokens: tokens });
  const ids: number[][] = [];
  for (const prompt of prompts) {
    const answer: number[] = [];
    const prepared = { promptText: '', promptIds: prompt, request };
    const said = ({ logprobs = [] }: OutputChunk) =>
      void answer.push(...logprobs.map(({ id }) => id));
    await opened.generate(prepared, said, neverAborted);
    ids.push(answer);
  }
  return { ids };
}

async function prefill(opened: Runtime, slot: number, ids: readonly number[]) {
  let logits = new Float32Array();
  for (let start = 0; start < ids.length;) {
    const chunk = ids.slice(start, start + opened.chunkTokensMax(start));
    logits = (await opened.prefillChunk(slot, chunk, start)) as typeof logits;
    start += chunk.length;
  }
  return logits;
}
