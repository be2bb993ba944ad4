/**
 * The engine as a worker uses it: `runfleet.ts <model folder> <capi | stock> <provider> <slots>
 * <threads> [context length]`.
 */
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { MessageChannel, Worker } from 'node:worker_threads';

import type { Engine, OutputChunk } from '../../src/engine.ts';
import { openInThread } from '../../src/onnx/onnx-engine.ts';
import { aRequest } from '../../src/testing/a-request.ts';
import {
  type Answer,
  type BenchRequest,
  type Decoded,
  type Decoding,
  promptIds,
  serve,
  TokenClock,
} from '../protocol.ts';

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
const { port1: bare, port2: barePort } = new MessageChannel();
let opening: Promise<Engine> | undefined;
let calls = 0;

serve(async (request): Promise<Answer> => {
  const engine = await (opening ??= open());
  switch (request.do) {
    case 'decode':
      return { decoded: await decode(engine, request) };
    case 'stall':
      return { stallMs: await stall(engine, request) };
    case 'bare':
      return { decoded: await runBare(request) };
    case 'loss':
      throw new Error('The engine returns no likelihood of a text; see all-logits.ts.');
    case 'continue':
      return { ids: await continued(engine, request) };
  }
});

async function open(): Promise<Engine> {
  const thread = new Worker(new URL('./engine-thread-entry.mjs', import.meta.url), {
    workerData: { spec, barePort },
    transferList: [barePort],
    execArgv: [],
  });
  return await openInThread(thread, modelDir);
}

async function decode(engine: Engine, request: Decoding): Promise<Decoded> {
  calls += 1;
  // Several prompts find their starts cached in their slots, so all of them begin to answer at
  // once.
  if (request.batch > 1) await write(engine, { ...request, tokens: 1 }, () => {});
  const clock = new TokenClock(request);
  await write(engine, request, (sequence, tokens) => clock.count(sequence, tokens));
  return clock.end();
}

async function runBare(request: Decoding): Promise<Decoded> {
  bare.postMessage(request);
  const [decoded] = (await once(bare, 'message')) as [Decoded];
  return decoded;
}

/**
 * Sampling the timer takes 26 us of a core per millisecond, so no rate is measured at the same
 * time.
 */
async function stall(engine: Engine, request: Decoding): Promise<number> {
  calls += 1;
  const stalls = monitorEventLoopDelay({ resolution: STALL_RESOLUTION_MS });
  stalls.enable();
  await write(engine, request, () => {});
  stalls.disable();
  return Math.max(0, stalls.percentile(99) / 1e6 - STALL_RESOLUTION_MS);
}

async function write(
  opened: Engine,
  { batch, contextTokens, tokens, isSampled = false }: Decoding,
  onTokens: (sequence: number, tokens: number) => void,
): Promise<void> {
  // No call reuses what an earlier one has read.
  const cacheScope = String(calls);
  const request = aRequest('', {
    minTokens: tokens,
    maxTokens: tokens,
    cacheScope,
    greedy: !isSampled,
  });
  const sequence = async (index: number) => {
    let seen = 0;
    const onChunk = (chunk: { tokens: number }) => {
      onTokens(index, chunk.tokens - seen);
      seen = chunk.tokens;
    };
    const prepared = { promptIds: promptIds(index, contextTokens), request, callFormat: null };
    await opened.generate(prepared, onChunk, neverAborted);
    // The text of the last tokens may be empty.
    onTokens(index, tokens - seen);
  };
  await Promise.all(Array.from({ length: batch }, (_, index) => sequence(index)));
}

/** Ids are read from the log probabilities, which do not include the id that ends an answer. */
async function continued(
  engine: Engine,
  { prompts, tokens }: BenchRequest & { do: 'continue' },
): Promise<number[][]> {
  const request = aRequest('', { greedy: true, topLogprobs: 0, maxTokens: tokens });
  const ids: number[][] = [];
  for (const prompt of prompts) {
    const answer: number[] = [];
    const prepared = { promptIds: prompt, request, callFormat: null };
    const onChunk = ({ logprobs = [] }: OutputChunk) =>
      void answer.push(...logprobs.map(({ id }) => id));
    await engine.generate(prepared, onChunk, neverAborted);
    ids.push(answer);
  }
  return ids;
}
