import { ByteLevelSpelling } from './byte-level/byte-level-spelling.ts';
import { PUBLISHED_PATTERNS } from './byte-level/published-patterns.ts';
import { gpt2Words, singleDigits, type WordPattern } from './byte-level/word-patterns.ts';
import { SpaceMarkSpelling, type SpaceMarkRules } from './space-mark-spelling.ts';
import type { Spelling } from './spelling.ts';
import { asRecord, must, stepsOf } from './tokenizer-field.ts';

type Step = Record<string, unknown>;

/**
 * The spelling that the normalizer, the pre-tokenizer and the decoder of a `tokenizer.json`
 * describe. Refuses what it would do differently from the reference library.
 */
export function readSpelling(
  file: Record<string, unknown>,
  merges: readonly (readonly [string, string])[],
): Spelling {
  const normalizers = stepsOf(file['normalizer'], 'normalizer', 'normalizers');
  const splits = stepsOf(file['pre_tokenizer'], 'pre_tokenizer', 'pretokenizers');
  if (splits.length === 0) {
    const { byte_fallback: hasBytes } = asRecord(file['model'], 'model');
    must(hasBytes === true, 'without a pre_tokenizer, model.byte_fallback must be true');
    return new SpaceMarkSpelling(readSpaceMark(normalizers), merges);
  }

  const decoders = stepsOf(file['decoder'], 'decoder', 'decoders');
  must(
    decoders.length === 1 && decoders[0]?.['type'] === 'ByteLevel',
    'with a pre_tokenizer, the decoder must be ByteLevel',
  );
  for (const { type } of normalizers) {
    must(type === 'NFC', `normalizer ${JSON.stringify(type)} is not supported`);
  }
  return new ByteLevelSpelling(readPatterns(splits), { composes: normalizers.length > 0 });
}

function readPatterns(splits: readonly Step[]): WordPattern[] {
  const byteLevel = splits.at(-1);
  must(byteLevel?.['type'] === 'ByteLevel', 'pre_tokenizer must end with ByteLevel');
  // The reference library's defaults are true.
  must(byteLevel['add_prefix_space'] === false, 'pre_tokenizer.add_prefix_space is not supported');
  const patterns = splits.slice(0, -1).map(readPattern);
  return byteLevel['use_regex'] === false ? patterns : [...patterns, gpt2Words];
}

function readPattern(split: Step): WordPattern {
  const { type } = split;
  if (type === 'Digits') {
    must(split['individual_digits'] === true, 'Digits must have individual_digits');
    return singleDigits;
  }
  must(type === 'Split', `pre_tokenizer ${JSON.stringify(type)} is not supported`);
  // The published patterns match all of a text, so both forms give each match as a word.
  const isEachMatch =
    (split['behavior'] === 'Isolated' && split['invert'] === false) ||
    (split['behavior'] === 'Removed' && split['invert'] === true);
  must(isEachMatch, 'pre_tokenizer Split must give each match as a word');
  const regex = asRecord(split['pattern'], 'pre_tokenizer.pattern')['Regex'];
  const pattern = typeof regex === 'string' ? PUBLISHED_PATTERNS.get(regex) : undefined;
  must(pattern !== undefined, `the pattern ${JSON.stringify(regex)} is not supported`);
  return pattern;
}

function readSpaceMark(normalizers: readonly Step[]): SpaceMarkRules {
  const rules: SpaceMarkRules = { prepend: '', replaceFrom: '', replaceTo: '' };
  for (const step of normalizers) {
    const { type, prepend, content, pattern } = step;
    if (type === 'Prepend' && typeof prepend === 'string') {
      must(rules.replaceFrom === '', 'normalizer must prepend before it replaces');
      rules.prepend = prepend;
    } else if (type === 'Replace' && typeof content === 'string') {
      const from = asRecord(pattern, 'normalizer.pattern')['String'];
      must(
        typeof from === 'string' && /^.$/su.test(from) && /^.$/su.test(content),
        'normalizer must replace one character by another',
      );
      must(rules.replaceFrom === '', 'normalizer must replace one text');
      rules.replaceFrom = from;
      rules.replaceTo = content;
    } else {
      must(false, `normalizer ${JSON.stringify(type)} is not supported`);
    }
  }
  return rules;
}
