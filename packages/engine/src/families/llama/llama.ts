import type { ModelFamily } from '../model-family.ts';
import { readContextLengths } from './context-lengths.ts';

/** Llama 3 and models of its form, such as SmolLM2. Their folders bring the chat template. */
export const llama: ModelFamily = {
  name: 'llama',
  stopTokens: ['<|im_end|>', '<|eot_id|>', '<|eom_id|>', '<|end_of_text|>', '<|endoftext|>'],
  readContextLengths,
};
