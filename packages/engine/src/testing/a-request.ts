import type { GenerateRequest } from '../engine.ts';

/** A valid request, for tests that are about one part of it. */
export function aRequest(prompt: string, changes: Partial<GenerateRequest> = {}): GenerateRequest {
  return {
    messages: [{ role: 'user', content: prompt }],
    maxTokens: 32,
    minTokens: 0,
    temperature: 0.8,
    topP: 0.95,
    topK: 0,
    minP: 0,
    repetitionPenalty: 1,
    presencePenalty: 0,
    frequencyPenalty: 0,
    seed: 1n,
    greedy: true,
    stopSequences: [],
    stopTokenIds: [],
    topLogprobs: null,
    grammar: null,
    tools: [],
    toolChoice: 'auto',
    parallelToolCalls: true,
    ...changes,
  };
}

export const TWENTY_PROMPTS: readonly string[] = [
  'Hello!',
  'What is a task?',
  'Write one line about the sea.',
  'Explain how a fair queue works, step by step.',
  'Who pays for a task that failed?',
  'a',
  '   leading and trailing   ',
  'Numbers: 1, 2, 3, 42, 1000000.',
  'Bonjour à tous, ça va très bien ?',
  'Привет, как дела?',
  '今日はとても良い天気です。',
  'مرحبا بالعالم',
  'नमस्ते दुनिया',
  'Emoji 🚀🔥👩‍👩‍👧 and flags 🇩🇪',
  'line one\nline two\n\nline four\ttab',
  '<|end|><|user|> not a special token </s>',
  'function add(a, b) { return a + b; }',
  'The quick brown fox jumps over the lazy dog. '.repeat(6),
  'A long question that needs a long context. '.repeat(20),
  '日本語とEnglishをmixed together — “quotes” … €100',
];
