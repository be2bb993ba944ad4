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
  stopTokens: STOP_TOKENS,
  readContextLengths,
};
