import { follow, type OutputGrammar, type State, Work } from '@runfleet/grammar';
import { CALL_FORMATS } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { buildTokenizer } from '../builder/phi3/build-tokenizer.ts';
import { SeededRandom } from '../sampling/seeded-random.ts';
import { GrammarPath } from './grammar-path.ts';
import { Grammar } from './grammar.ts';
import { Grammars } from './grammars.ts';
import { readVocabulary } from './vocabulary.ts';

const { tokenizer, idOf } = buildTokenizer(1088);
const stopIds = new Set([idOf('<|end|>'), idOf('<|endoftext|>')]);
const vocabulary = readVocabulary({ tokenizer, stopIds });
const work = new Work(Number.POSITIVE_INFINITY, 'test', 'regex');
const next = ({ automaton }: Grammar, state: State, bytes: Uint8Array) =>
  follow(automaton, state, bytes, work);

test.each<[string, OutputGrammar]>([
  ['counts that nearly run out', { kind: 'regex', pattern: '[a-z ]{3,20}(é|🚀){0,2}' }],
  ['counts that are far away', { kind: 'regex', pattern: '.{0,500}' }],
  ['counts of long parts', { kind: 'regex', pattern: '(the |a task ){2,5}(é🚀){1,3}' }],
  ['json', { kind: 'json' }],
  [
    'calls',
    {
      kind: 'calls',
      format: CALL_FORMATS.hermes,
      tools: [{ name: 'the', parameters: '{}', field: 'tools[0].function.parameters' }],
      isRequired: false,
      isParallel: true,
    },
  ],
  [
    'a schema',
    {
      kind: 'json_schema',
      schema: '{"type":"object","properties":{"the task":{"type":"string","maxLength":30}}}',
    },
  ],
])('with %s a mask holds exactly the tokens whose bytes may follow', (_, given) => {
  const grammar = new Grammar(given, vocabulary);
  const random = new SeededRandom(31n);
  for (let round = 0; round < 6; round += 1) {
    let state = grammar.automaton.start;
    for (let step = 0; step < 12; step += 1) {
      const mask = grammar.maskOf(state).tokens;
      const allowed = Array.from({ length: tokenizer.idCount }, (_, id) => id).filter((id) =>
        stopIds.has(id)
          ? state.ends
          : tokenizer.bytesOf(id).length > 0 && next(grammar, state, tokenizer.bytesOf(id)),
      );
      const masked = Array.from({ length: mask.length * 32 }, (_, id) => id).filter(
        (id) => (((mask[id >> 5] ?? 0) >>> (id & 31)) & 1) === 1,
      );
      expect(masked).toEqual(allowed);
      const words = allowed.filter((id) => !stopIds.has(id));
      const reached = next(
        grammar,
        state,
        tokenizer.bytesOf(words[random.nextUint32() % words.length] ?? 0),
      );
      if (words.length === 0 || !reached) break;
      state = reached;
    }
  }
});

test('one leading space is optional, and required if the text itself begins with one', () => {
  const raw = (pattern: string) => {
    const grammar = new Grammar({ kind: 'regex', pattern }, vocabulary);
    return ['a', ' a', '  a', '   a', ''].filter(
      (text) => next(grammar, grammar.automaton.start, Buffer.from(text))?.ends,
    );
  };
  expect(raw('a')).toEqual(['a', ' a']);
  expect(raw(' a')).toEqual(['  a']);
  expect(raw('[ab]|[^b]a')).toEqual(['a', ' a', '  a']);
  expect(raw('')).toEqual(['']);
});

test('a text begins with no space of its own where the tokenizer adds none', () => {
  const byteLevel = { ...vocabulary, addsSpace: false };
  const starts = (pattern: string, text: string) => {
    const grammar = new Grammar({ kind: 'regex', pattern }, byteLevel);
    return next(grammar, grammar.start, Buffer.from(text)) !== undefined;
  };
  expect([starts('a', 'a'), starts('a', ' a'), starts(' a', ' a'), starts(' a', '  a')]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

test('no mask holds a special token', () => {
  const grammar = new Grammar({ kind: 'regex', pattern: '.*' }, vocabulary);
  const mask = grammar.maskOf(
    next(grammar, grammar.automaton.start, Buffer.from(' a')) ?? grammar.automaton.start,
  ).tokens;
  const isIn = (content: string) => ((mask[idOf(content) >> 5] ?? 0) >>> (idOf(content) & 31)) & 1;
  expect(['<|user|>', '<|assistant|>', '<s>'].map(isIn)).toEqual([0, 0, 0]);
  expect(['<|end|>', 'a'].map(isIn)).toEqual([1, 1]);
});

test('a recently used grammar is shared', () => {
  const grammars = new Grammars(vocabulary);
  const ask = (pattern: string) => grammars.open({ kind: 'regex', pattern });
  const first = ask('a');
  for (let index = 0; index < 15; index += 1) ask(`b{${index}}`);
  expect(ask('a')).toBe(first);
  for (let index = 0; index < 16; index += 1) ask(`c{${index}}`);
  expect(ask('a')).toBe(first);
});

test('grammars that are kept take bounded memory, and the least recently used is dropped', () => {
  const grammars = new Grammars(vocabulary, 200_000);
  const ask = (pattern: string) => grammars.open({ kind: 'regex', pattern });
  const first = ask('a');
  expect(first.sizeBytes).toBeLessThan(20_000);
  for (let index = 0; index < 500; index += 1) ask(`c{${index}}`);
  expect(ask('a')).not.toBe(first);
});

test('a grammar with large caches is replaced for the next answer', () => {
  const grammars = new Grammars(vocabulary);
  const given: OutputGrammar = { kind: 'regex', pattern: 'a{0,10000}' };
  const first = grammars.open(given);
  expect(next(first, first.automaton.start, Buffer.from(` ${'a'.repeat(6_000)}`))).toBeDefined();
  expect(first.automaton.isLarge).toBe(true);
  expect(grammars.open(given)).not.toBe(first);
});

test.each(['x{40}(.{0,40}){0,40}'])(
  'a pattern that can match in many ways, %s, ends its own answer before it delays others',
  (pattern) => {
    const grammar = new Grammar({ kind: 'regex', pattern }, vocabulary);
    const readMasks = () => {
      let state = grammar.automaton.start;
      for (const bytes of [' ', 'x'.repeat(40), 'a', 'a', 'a', 'a']) {
        grammar.maskOf(state);
        state = next(grammar, state, Buffer.from(bytes)) ?? state;
      }
    };
    expect(readMasks).toThrow(expect.objectContaining({ name: 'GrammarError' }));
  },
);

test('a text as long as a schema may be can be followed', () => {
  const text = 'a word '.repeat(4_600);
  const schema = JSON.stringify({ const: text });
  const grammar = new Grammar({ kind: 'json_schema', schema }, vocabulary);
  let state = grammar.automaton.start;
  for (const id of tokenizer.encode(`"${text}`).slice(0, 20)) {
    const mask = grammar.maskOf(state).tokens;
    expect(((mask[id >> 5] ?? 0) >>> (id & 31)) & 1).toBe(1);
    const reached = next(grammar, state, tokenizer.bytesOf(id));
    if (!reached) throw new Error('The text is not followed.');
    state = reached;
  }
});

test('an answer costs the same steps whatever ran before', () => {
  const given: OutputGrammar = { kind: 'json' };
  const text = tokenizer.encode('{"a": [1, "two", {"b": null}]}');
  const cost = (grammar: Grammar) => {
    const path = new GrammarPath(grammar);
    for (const id of text) {
      path.mask();
      path.take(id);
    }
    return path.steps;
  };
  const [warm, cold] = [new Grammar(given, vocabulary), new Grammar(given, vocabulary)];
  const first = cost(warm);
  expect([cost(warm), cost(cold)]).toEqual([first, first]);
  expect(first).toBeGreaterThan(1_000);
});

test('an answer that no token can continue fails as the fault of its grammar', () => {
  const spelled = [Buffer.from(' a'), Buffer.from('b')];
  const bytesOf = (id: number) => spelled[id] ?? new Uint8Array();
  const poor = readVocabulary({
    tokenizer: { idCount: 3, bytesOf, addsSpace: true },
    stopIds: new Set([2]),
  });
  const path = new GrammarPath(new Grammar({ kind: 'regex', pattern: 'abé' }, poor));
  expect([...path.mask()]).toEqual([1]);
  path.take(0);
  expect([...path.mask()]).toEqual([2]);
  path.take(1);
  expect(() => path.mask()).toThrow(
    expect.objectContaining({
      name: 'GrammarError',
      message: 'regex reached a point where no token can follow.',
    }),
  );
});

test('an answer ends when its masks together cost too much', () => {
  const path = new GrammarPath(new Grammar({ kind: 'json' }, vocabulary), 3_000);
  const answer = () => {
    for (const id of tokenizer.encode('{"a": [1, "two", {"b": null}]}')) {
      path.mask();
      path.take(id);
    }
  };
  expect(answer).toThrow('response_format takes more than 3,000 steps to follow in one answer');
});
