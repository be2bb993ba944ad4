import { parseTokenizerFile } from '../../text/tokenizer-file.ts';
import type { ModelFamily } from '../model-family.ts';
import { chatParts, STOP_TOKENS } from './chat-parts.ts';
import { readContextLengths } from './context-lengths.ts';

/** Phi-3 and Phi-3.5. */
export const phi3: ModelFamily = {
  name: 'phi3',
  chatParts,
  stopTokens: STOP_TOKENS,
  parseTokenizer: parseTokenizerFile,
  readContextLengths,
};
