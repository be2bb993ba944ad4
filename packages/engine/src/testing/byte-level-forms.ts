import type { ByteLevelForm } from '../builder/byte-level-tokenizer.ts';

const CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const SPACES = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`;

const cl100k = (digits: string) =>
  `${CONTRACTION}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${SPACES}`;
const o200k =
  `[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+${CONTRACTION}?|` +
  `[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*${CONTRACTION}?|` +
  `\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${SPACES}`;

const isolated = (Regex: string) => ({
  type: 'Split',
  pattern: { Regex },
  behavior: 'Isolated',
  invert: false,
});

/** The published byte-level tokenizers, each by the family that has it. */
export const BYTE_LEVEL_FORMS = {
  smollm2: {
    normalizer: null,
    splits: [{ type: 'Digits', individual_digits: true }],
    usesGpt2Pattern: true,
    ignoresMerges: false,
    addedTokens: specials('<|endoftext|>', '<|im_start|>', '<|im_end|>'),
  },
  llama3: {
    normalizer: null,
    splits: [isolated(cl100k(String.raw`\p{N}{1,3}`))],
    usesGpt2Pattern: false,
    ignoresMerges: true,
    addedTokens: specials(
      '<|begin_of_text|>',
      '<|end_of_text|>',
      '<|start_header_id|>',
      '<|end_header_id|>',
      '<|eot_id|>',
    ),
  },
  qwen2: {
    normalizer: { type: 'NFC' },
    splits: [isolated(cl100k(String.raw`\p{N}`))],
    usesGpt2Pattern: false,
    ignoresMerges: false,
    addedTokens: [
      ...specials('<|endoftext|>', '<|im_start|>', '<|im_end|>'),
      { content: '<tool_call>', special: false },
      { content: '</tool_call>', special: false },
    ],
  },
  phi4: {
    normalizer: null,
    splits: [{ ...isolated(o200k), behavior: 'Removed', invert: true }],
    usesGpt2Pattern: false,
    ignoresMerges: false,
    addedTokens: specials(
      '<|endoftext|>',
      '<|assistant|>',
      '<|end|>',
      '<|user|>',
      '<|system|>',
      '<|tool|>',
      '<|/tool|>',
      '<|tool_call|>',
      '<|/tool_call|>',
      '<|tool_response|>',
    ),
  },
} as const satisfies Record<string, ByteLevelForm>;

function specials(...contents: string[]) {
  return contents.map((content) => ({ content, special: true }));
}
