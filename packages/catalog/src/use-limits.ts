import type { ChatRequest } from './chat-parameters.ts';

/** The answer, as a text and as a file. */
const OUTPUT_ITEMS = 2;
/** A role's tokens, and those that separate messages. */
const TEMPLATE_TOKENS_PER_MESSAGE = 16;
/** A template's own system prompt. */
const TEMPLATE_TOKENS = 256;

/**
 * The most that a chat can use, for the hold of a price that counts it. A token of a prompt has at
 * least one byte.
 */
export function useLimits({ messages, maxTokens }: ChatRequest): {
  outputItems: number;
  promptTokens: number;
  outputTokens: number;
} {
  const textBytes = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  return {
    outputItems: OUTPUT_ITEMS,
    promptTokens: TEMPLATE_TOKENS + TEMPLATE_TOKENS_PER_MESSAGE * messages.length + textBytes,
    outputTokens: maxTokens,
  };
}
