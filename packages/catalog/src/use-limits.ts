import type { ChatRequest } from './chat-parameters.ts';
import type { ChatMessage } from './read-message.ts';

/** The answer, as a text and as a file. */
const OUTPUT_ITEMS = 2;
/** A role's tokens, and those that separate messages. */
const TEMPLATE_TOKENS_PER_MESSAGE = 16;
/** A template's own system prompt. */
const TEMPLATE_TOKENS = 256;
/** What a template writes about tools beside their definitions. */
const TOOLS_TEMPLATE_TOKENS = 512;
/** As templates write definitions, which widens them. */
const TOOLS_INDENT = 4;

/**
 * The most that a chat can use, for the hold of a price that counts it. A token of a prompt has at
 * least one byte.
 */
export function useLimits({ messages, maxTokens, tools }: ChatRequest): {
  outputItems: number;
  promptTokens: number;
  outputTokens: number;
} {
  const textBytes = messages.reduce((sum, message) => sum + bytesOf(message), 0);
  const toolBytes = Buffer.byteLength(JSON.stringify(tools, null, TOOLS_INDENT));
  const toolTokens = tools.length === 0 ? 0 : TOOLS_TEMPLATE_TOKENS + toolBytes;
  return {
    outputItems: OUTPUT_ITEMS,
    promptTokens:
      TEMPLATE_TOKENS + TEMPLATE_TOKENS_PER_MESSAGE * messages.length + textBytes + toolTokens,
    outputTokens: maxTokens,
  };
}

/** The calls of a message count as they are sent, which is longer than how a model reads them. */
function bytesOf(message: ChatMessage): number {
  const calls = message.role === 'assistant' ? (message.toolCalls ?? []) : [];
  const callBytes = calls.length === 0 ? 0 : Buffer.byteLength(JSON.stringify(calls));
  return Buffer.byteLength(message.content) + callBytes;
}
