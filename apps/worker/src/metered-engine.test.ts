import { parseChatParameters } from '@runfleet/catalog';
import { type Engine, type GenerateRequest, openEngine } from '@runfleet/engine';
import { createMetrics } from '@runfleet/service';
import { expect, test } from 'vitest';

import { engineMetrics } from './engine-metrics.ts';
import { MeteredEngine } from './metered-engine.ts';

const never = new AbortController().signal;

async function open(drafts?: { tokens: number; accepted: number }) {
  const metrics = createMetrics({ role: 'worker' });
  const inner = await openEngine({ kind: 'echo', slots: 2, tokenDelayMs: 0 });
  if (drafts) {
    const generate = inner.generate.bind(inner);
    inner.generate = async (...run) => ({ ...(await generate(...run)), drafts });
  }
  const engine: Engine = new MeteredEngine(inner, engineMetrics(metrics), 'm');
  const read = async (name: string) => {
    const line = new RegExp(`^vllm:${name}\\{[^}]*model_name="m"[^}]*\\} (\\S+)$`, 'mu');
    return Number(line.exec(await metrics.text())?.[1]);
  };
  return { engine, read };
}

function aRequest(prompt: string): GenerateRequest {
  const limits = { maxTokens: 100, maxTimeoutSeconds: 3_600 };
  const tools = { tools: [], toolChoice: 'auto', parallelToolCalls: true } as const;
  return { ...tools, ...parseChatParameters({ prompt }, limits), seed: 1n };
}

test('tokens, latencies and finish reasons are counted by model', async () => {
  const { engine, read } = await open();
  const prepared = await engine.prepare(aRequest('one two three four'));
  const shown: string[] = [];
  const result = await engine.generate(prepared, ({ text }) => shown.push(text), never);

  expect(shown.join('')).toBe('one two three four');
  expect(result).toMatchObject({ promptTokens: 4, completionTokens: 4 });
  expect(await read('prompt_tokens_total')).toBe(4);
  expect(await read('generation_tokens_total')).toBe(4);
  expect(await read('time_to_first_token_seconds_count')).toBe(1);
  expect(await read('inter_token_latency_seconds_count')).toBe(3);
  expect(await read('request_success_total')).toBe(1);
  expect(await read('num_requests_running')).toBe(0);
  expect(await read('kv_cache_usage_perc')).toBe(0);
});

test('draft tokens are counted, and so are the accepted ones', async () => {
  const { engine, read } = await open({ tokens: 5, accepted: 3 });
  const prepared = await engine.prepare(aRequest('one two'));
  for (let runs = 0; runs < 2; runs += 1) await engine.generate(prepared, () => {}, never);
  expect(await read('spec_decode_num_draft_tokens_total')).toBe(10);
  expect(await read('spec_decode_num_accepted_tokens_total')).toBe(6);
});

test('runs beyond the number of slots wait, and an abort lets the next one start', async () => {
  const { engine, read } = await open();
  const prepared = await engine.prepare(aRequest('one two three four'));
  const aborts = [1, 2, 3].map(() => new AbortController());
  const runs = aborts.map(({ signal }) => engine.generate(prepared, () => {}, signal));
  expect(await read('num_requests_running')).toBe(2);
  expect(await read('num_requests_waiting')).toBe(1);
  expect(await read('kv_cache_usage_perc')).toBeGreaterThanOrEqual(8 / (2 * 4096));

  for (const abort of aborts) abort.abort();
  await Promise.allSettled(runs);
  expect(await read('num_requests_running')).toBe(0);
  expect(await read('num_requests_waiting')).toBe(0);
});
