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
