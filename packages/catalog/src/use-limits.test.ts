import { expect, test } from 'vitest';

import { parseChatParameters } from './chat-parameters.ts';
import { useLimits } from './use-limits.ts';

const limits = { maxTokens: 1_024, maxTimeoutSeconds: 3_600 };
const limitsOf = (body: Record<string, unknown>) => useLimits(parseChatParameters(body, limits));

test('a run can use as many tokens as it has bytes, and as it may answer', () => {
  const short = limitsOf({ prompt: 'Hi' });
  expect(limitsOf({ prompt: 'Hi' + '中'.repeat(100) }).promptTokens).toBe(short.promptTokens + 300);
  expect(limitsOf({ prompt: 'Hi', system_prompt: 'Be kind.' }).promptTokens).toBeGreaterThan(
    short.promptTokens + 8,
  );
  expect(short.outputTokens).toBe(1_024);
  expect(limitsOf({ prompt: 'Hi', max_tokens: 7 }).outputTokens).toBe(7);
});

test('a run can use as many tokens as its tools and its calls have bytes', () => {
  const plain = limitsOf({ prompt: 'Hi' }).promptTokens;
  const description = 'x'.repeat(1_000);
  const tools = [{ type: 'function', function: { name: 'time', description } }];
  expect(limitsOf({ prompt: 'Hi', tools }).promptTokens).toBeGreaterThan(plain + 1_000);
  const given = JSON.stringify({ zone: description });
  const call = { id: 'a', type: 'function', function: { name: 'time', arguments: given } };
  const messages = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', tool_calls: [call] },
    { role: 'tool', tool_call_id: 'a', content: description },
  ];
  expect(limitsOf({ messages }).promptTokens).toBeGreaterThan(plain + 2_000);
});
