import { EngineError } from '../engine-error.ts';

export type AddedToken = {
  id: number;
  content: string;
  special: boolean;
  lstrip: boolean;
  rstrip: boolean;
};

/** The parts of a published `tokenizer.json` that are used. */
export type TokenizerFile = {
  vocabulary: ReadonlyMap<string, number>;
  /** In order of rank: the first pair is merged first. */
  merges: readonly (readonly [string, string])[];
  addedTokens: readonly AddedToken[];
  /** Written before the text; then `replaceFrom` becomes `replaceTo`. */
  prepend: string;
  replaceFrom: string;
  replaceTo: string;
};

/**
 * Reads byte-pair encoding with byte fallback and a normaliser of Prepend and Replace, without a
 * pre-tokeniser. Refuses a file that it would encode differently from the reference library,
 * because almost right ids are worse than none.
 */
export function parseTokenizerFile(json: unknown): TokenizerFile {
  const file = asRecord(json, 'tokenizer.json');
  const model = asRecord(file['model'], 'model');

  must(model['type'] === 'BPE' || model['type'] === undefined, 'model.type must be BPE');
  must(model['byte_fallback'] === true, 'model.byte_fallback must be true');
  must(!model['ignore_merges'], 'model.ignore_merges is not supported');
  must(!model['dropout'], 'model.dropout is not supported');
  must(!model['continuing_subword_prefix'], 'model.continuing_subword_prefix is not supported');
  must(!model['end_of_word_suffix'], 'model.end_of_word_suffix is not supported');
  must(!file['pre_tokenizer'], 'pre_tokenizer must be null');

  return {
    vocabulary: readVocabulary(model['vocab']),
    merges: readMerges(model['merges']),
    addedTokens: readAddedTokens(file['added_tokens']),
    ...readNormalizer(file['normalizer']),
  };
}

function readVocabulary(json: unknown): Map<string, number> {
  const entries = Object.entries(asRecord(json, 'model.vocab'));
  must(entries.length > 0, 'model.vocab is empty');
  const vocabulary = new Map<string, number>();
  for (const [token, id] of entries) {
    must(isId(id), `model.vocab has a bad id for ${JSON.stringify(token)}`);
    vocabulary.set(token, id);
  }
  return vocabulary;
}

function readMerges(json: unknown): [string, string][] {
  must(Array.isArray(json), 'model.merges must be a list');
  return json.map((merge: unknown, index): [string, string] => {
    // "a b" is the old form; the space can only be the separator, because spaces are written as ▁.
    const pair: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
    must(Array.isArray(pair) && pair.length === 2, `model.merges[${index}] must be a pair`);
    const [left, right]: unknown[] = pair;
    must(
      typeof left === 'string' && typeof right === 'string',
      `model.merges[${index}] must be text`,
    );
    return [left, right];
  });
}

function readAddedTokens(json: unknown): AddedToken[] {
  must(Array.isArray(json), 'added_tokens must be a list');
  return json.map((entry: unknown, index) => {
    const token = asRecord(entry, `added_tokens[${index}]`);
    const { id, content } = token;
    must(isId(id) && typeof content === 'string', `added_tokens[${index}] lacks its id or content`);
    return {
      id,
      content,
      special: token['special'] === true,
      lstrip: token['lstrip'] === true,
      rstrip: token['rstrip'] === true,
    };
  });
}

type Normalizer = Pick<TokenizerFile, 'prepend' | 'replaceFrom' | 'replaceTo'>;

function readNormalizer(json: unknown): Normalizer {
  const normalizer: Normalizer = { prepend: '', replaceFrom: '', replaceTo: '' };
  if (!json) return normalizer;

  const outer = asRecord(json, 'normalizer');
  const steps: unknown = outer['type'] === 'Sequence' ? outer['normalizers'] : [outer];
  must(Array.isArray(steps), 'normalizer.normalizers must be a list');
  for (const entry of steps) {
    const step = asRecord(entry, 'normalizer');
    const pattern = step['pattern'];
    if (step['type'] === 'Prepend' && typeof step['prepend'] === 'string') {
      must(normalizer.replaceFrom === '', 'normalizer must prepend before it replaces');
      normalizer.prepend = step['prepend'];
    } else if (step['type'] === 'Replace' && typeof step['content'] === 'string') {
      const from = asRecord(pattern, 'normalizer.pattern')['String'];
      must(
        typeof from === 'string' && /^.$/su.test(from) && /^.$/su.test(step['content']),
        'normalizer must replace one character by another',
      );
      must(normalizer.replaceFrom === '', 'normalizer must replace one text');
      normalizer.replaceFrom = from;
      normalizer.replaceTo = step['content'];
    } else {
      must(false, `normalizer ${JSON.stringify(step['type'])} is not supported`);
    }
  }
  return normalizer;
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function asRecord(json: unknown, field: string): Record<string, unknown> {
  must(
    typeof json === 'object' && json !== null && !Array.isArray(json),
    `${field} must be an object`,
  );
  return Object.fromEntries(Object.entries(json));
}

function must(isTrue: boolean, problem: string): asserts isTrue {
  if (isTrue) return;
  throw new EngineError(
    'model',
    `tokenizer.json: ${problem}. Copy the model folder again, complete and unchanged.`,
  );
}
