import type { ModelFamily } from '../model-family.ts';
import { chatParts, CHAT_TEMPLATES, STOP_TOKENS } from './chat-parts.ts';
import { readContextLengths } from './context-lengths.ts';

/** Phi-3, Phi-3.5 and Phi-4-mini; the last has another tokenizer and its own template. */
export const phi3: ModelFamily = {
  name: 'phi3',
  published: {
    templates: CHAT_TEMPLATES,
    fits: (tokenizer) => tokenizer.addsSpace,
    partsOf: chatParts,
  },
  // Phi-4-mini. The tokens are in its tokenizer; its card shows definitions and calls.
  systemTools: {
    callFormat: 'phi4',
    system: 'You are a helpful assistant with some tools.',
    outputRole: 'tool_response',
  },
  stopTokens: STOP_TOKENS,
  readContextLengths,
};
