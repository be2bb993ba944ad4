import { type CallsGrammar, callsGrammar } from '@runfleet/grammar';
import { CALL_FORMATS, type CallFormatName, readAnswer, type ToolChoice } from '@runfleet/protocol';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';

import { buildByteLevelTokenizer } from '../builder/byte-level-tokenizer.ts';
import { buildTokenizer } from '../builder/phi3/build-tokenizer.ts';
import { TRAINING_PARAGRAPHS } from '../builder/training-text.ts';
import { SeededRandom } from '../sampling/seeded-random.ts';
import { BYTE_LEVEL_FORMS } from '../testing/byte-level-forms.ts';
import { randomAnswer } from '../testing/random-answer.ts';
import { parseTokenizerFile } from '../text/tokenizer-file.ts';
import { Tokenizer } from '../text/tokenizer.ts';
import { Grammars } from './grammars.ts';
import { readVocabulary } from './vocabulary.ts';

const SCHEMAS: object[] = [
  { type: 'object', properties: {} },
  {
    type: 'object',
    properties: {
      city: { type: 'string', minLength: 1, maxLength: 12 },
      days: { type: 'array', items: { type: 'integer', minimum: 1, maximum: 99 }, maxItems: 3 },
      tag: { enum: ['</tool_call>', '<|tool_call|>[', '{"name": "', 'a "b"', null] },
    },
    required: ['city', 'tag'],
  },
  {
    type: 'object',
    properties: {
      value: { anyOf: [{ type: 'boolean' }, { type: 'number', minimum: -1, maximum: 1 }] },
      next: { $ref: '#' },
    },
    required: ['value'],
  },
  { type: 'object', additionalProperties: { type: 'null' }, maxProperties: 2 },
];
const validators = SCHEMAS.map((schema) =>
  new Ajv2020({ strict: false }).compile(JSON.parse(JSON.stringify(schema))),
);

const phi = buildTokenizer(1088).tokenizer;
const byteLevel = (form: 'qwen2' | 'phi4' | 'llama3') =>
  new Tokenizer(
    parseTokenizerFile(
      buildByteLevelTokenizer(BYTE_LEVEL_FORMS[form], TRAINING_PARAGRAPHS.join('\n'), 200),
    ),
  );
const rows: { name: string; tokenizer: Tokenizer; end: string; format: CallFormatName }[] = [
  { name: 'Phi-3.5', tokenizer: phi, end: '<|end|>', format: 'hermes' },
  { name: 'Qwen 2.5', tokenizer: byteLevel('qwen2'), end: '<|im_end|>', format: 'hermes' },
  { name: 'Phi-4-mini', tokenizer: byteLevel('phi4'), end: '<|end|>', format: 'phi4' },
  { name: 'Llama 3', tokenizer: byteLevel('llama3'), end: '<|eot_id|>', format: 'llama3' },
];

describe.for(rows)('$name', ({ tokenizer, end, format }) => {
  const stopIds = new Set([tokenizer.findAdded(end)?.id ?? -1]);
  const model = {
    tokenizer,
    stopIds,
    grammars: new Grammars(readVocabulary({ tokenizer, stopIds })),
  };

  test('every call of random tools is valid, as one token or spelled', () => {
    const random = new SeededRandom(51n);
    const upTo = (most: number) => random.nextUint32() % (most + 1);
    let called = 0;
    for (let round = 0; round < 40; round += 1) {
      const schemas = Array.from({ length: 1 + upTo(3) }, () => upTo(SCHEMAS.length - 1));
      const choice = (['auto', 'required', { name: 't0' }] as ToolChoice[])[upTo(2)] ?? 'auto';
      const isParallel = upTo(1) === 0;
      const given = grammarOf(schemas, choice, isParallel, format);
      const text = randomAnswer(model, given, random);
      if (text === undefined) continue;
      const parts = readAnswer(text, CALL_FORMATS[format]);
      const calls = parts.filter((part) => part.type === 'call');
      called += calls.length;
      const wrong = calls.filter((call) => {
        const schema = schemas[Number(call.name.slice(1))] ?? -1;
        return !call.isWhole || !validators[schema]?.(JSON.parse(call.arguments));
      });
      expect({ text, wrong }).toEqual({ text, wrong: [] });
      expect(calls.length > 0 || choice === 'auto').toBe(true);
    }
    expect(called).toBeGreaterThan(10);
  });

  test('a text that may call can be any text but the mark, and the mark leads into a call', () => {
    const grammar = model.grammars.open(grammarOf([1], 'auto', true, format));
    const { mark, open } = CALL_FORMATS[format];
    const { start } = grammar;
    const next = (text: string) => {
      let state: typeof start | undefined = start;
      for (const byte of Buffer.from(text))
        state = state && grammar.automaton.next(state, byte)?.to;
      return state;
    };
    expect(next(`Hi 🚀 ${mark.slice(0, -1)}`)?.ends).toBe(true);
    const marked = next(`Hi ${mark}`) ?? start;
    const { tokens } = grammar.maskOf(marked);
    const allowed = Array.from({ length: tokenizer.idCount }, (_, id) => id).filter(
      (id) => (((tokens[id >> 5] ?? 0) >>> (id & 31)) & 1) === 1,
    );
    const rest = `${open}{"name": "t0"`.slice(mark.length);
    expect(allowed.length).toBeGreaterThan(0);
    for (const id of allowed) {
      const spelled = Buffer.from(tokenizer.bytesOf(id)).toString();
      expect(rest.startsWith(spelled)).toBe(true);
    }
  });
});

function grammarOf(
  schemas: readonly number[],
  toolChoice: ToolChoice,
  parallelToolCalls: boolean,
  format: CallFormatName,
): CallsGrammar {
  const tools = schemas.map((schema, at) => ({
    name: `t${at}`,
    description: '',
    parameters: { ...SCHEMAS[schema] },
  }));
  const grammar = callsGrammar({ tools, toolChoice, parallelToolCalls }, CALL_FORMATS[format]);
  if (!grammar) throw new Error('There is no tool.');
  return grammar;
}
