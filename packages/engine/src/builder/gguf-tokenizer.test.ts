import { Tokenizer as PublicTokenizer } from '@huggingface/tokenizers';
import { expect, test } from 'vitest';

import { GgufFields } from '../gguf/gguf-fields.ts';
import type { GgufValue } from '../gguf/gguf-header.ts';
import { SeededRandom } from '../sampling/seeded-random.ts';
import { BYTE_LEVEL_FORMS } from '../testing/byte-level-forms.ts';
import { randomText } from '../testing/random-text.ts';
import { parseTokenizerFile } from '../text/tokenizer-file.ts';
import { Tokenizer } from '../text/tokenizer.ts';
import { buildByteLevelTokenizer } from './byte-level-tokenizer.ts';
import { ggufTokenizer } from './gguf-tokenizer.ts';
import { TRAINING_PARAGRAPHS } from './training-text.ts';

const MERGES = 300;
/** A published tokenizer that splits text as these names of llama.cpp do. */
const NAMES = [
  ['smollm2', ['smollm', 'starcoder', 'refact']],
  ['llama3', ['llama-bpe', 'llama3', 'llama-v3', 'falcon3']],
  ['qwen2', ['qwen2', 'deepseek-r1-qwen']],
  ['phi4', ['gpt-4o', 'llama4']],
] as const;

test.each(NAMES.flatMap(([form, names]) => names.map((name) => [name, form] as const)))(
  'a file that splits text as %s has the ids of the published %s tokenizer',
  (name, form) => {
    const published = buildByteLevelTokenizer(
      BYTE_LEVEL_FORMS[form],
      TRAINING_PARAGRAPHS.join('\n'),
      MERGES,
    );
    const oracle = new PublicTokenizer(published, {});
    const tokenizer = new Tokenizer(parseTokenizerFile(ggufTokenizer(fieldsOf(published, name))));
    const random = new SeededRandom(51n);
    for (let round = 0; round < 300; round += 1) {
      const text = randomText(random, 60).replaceAll(/[\u0085\uFEFFſ]|(?!\d)\p{N}/gu, '');
      expect({ text, ids: Array.from(tokenizer.encode(text)) }).toEqual({
        text,
        ids: oracle.encode(text, { add_special_tokens: false }).ids,
      });
    }
  },
);

/** The metadata of a GGUF file with this vocabulary. */
function fieldsOf(json: Record<string, unknown>, name: string): GgufFields {
  const { vocab, merges } = json['model'] as {
    vocab: Record<string, number>;
    merges: (string | [string, string])[];
  };
  const added = json['added_tokens'] as { id: number; content: string; special: boolean }[];
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(vocab)) tokens[id] = token;
  for (const { id, content } of added) tokens[id] = content;
  const types = new Map(added.map(({ id, special }) => [id, special ? 3 : 4]));
  const metadata = new Map<string, GgufValue>([
    ['tokenizer.ggml.model', 'gpt2'],
    ['tokenizer.ggml.pre', name],
    ['tokenizer.ggml.tokens', tokens],
    ['tokenizer.ggml.token_type', tokens.map((_, id) => types.get(id) ?? 1)],
    ['tokenizer.ggml.merges', merges.map((merge) => [merge].flat().join(' '))],
  ]);
  return new GgufFields({ metadata });
}
