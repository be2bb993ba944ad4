import { CALL_FORMATS, readAnswer, writeCalls } from '@runfleet/protocol';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Automaton } from '../automaton.ts';
import { GrammarError } from '../grammar-error.ts';
import { openGrammar } from '../open-grammar.ts';
import type { CallsGrammar } from '../output-grammar.ts';
import { draws } from '../testing/draws.ts';
import { matches } from '../testing/matches.ts';
import { randomSchema } from '../testing/random-schema.ts';
import { randomText } from '../testing/random-text.ts';

const RUNS = 200;
const FORMATS = Object.values(CALL_FORMATS);
const NAMES = ['get_weather', 'get', 'a', 'Get-2', 'x'.repeat(64)];

const calls = (
  tools: Record<string, unknown>,
  changes: Partial<CallsGrammar> = {},
): CallsGrammar => ({
  kind: 'calls',
  format: CALL_FORMATS.hermes,
  tools: Object.entries(tools).map(([name, parameters], index) => ({
    name,
    parameters: JSON.stringify(parameters),
    field: `tools[${index}].function.parameters`,
  })),
  isRequired: true,
  isParallel: true,
  ...changes,
});
const isText = (given: CallsGrammar, text: string) => matches(openGrammar(given).automaton, text);
const CITY = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const isValid = (schema: object) =>
  new Ajv2020({
    strict: false,
    validateFormats: false,
    validateSchema: false,
    ownProperties: true,
    logger: false,
  }).compile(JSON.parse(JSON.stringify(schema)));

/** Mostly objects of properties, as tools have them. */
const randomArguments = fc.oneof(
  randomSchema,
  fc.tuple(randomSchema, randomSchema, fc.boolean()).map(([first, second, isRequired]) => ({
    type: 'object',
    properties: { first, second },
    ...(isRequired && { required: ['first'] }),
    $defs: first.$defs,
  })),
);
const randomTools = fc
  .uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 })
  .chain((names) =>
    fc
      .array(randomArguments, { minLength: names.length, maxLength: names.length })
      .map((schemas) => Object.fromEntries(names.map((name, at) => [name, schemas[at]]))),
  );

test('every text of random tools in every format can be ended, and its arguments are valid', () => {
  let taken = 0;
  let called = 0;
  fc.assert(
    fc.property(
      randomTools,
      fc.constantFrom(...FORMATS),
      fc.boolean(),
      fc.boolean(),
      draws,
      (tools, format, isRequired, isParallel, draw) => {
        const given = calls(tools, { format, isRequired, isParallel });
        const opened = tryOpen(given);
        const validators = tryValidators(tools);
        if (!opened || !validators) return;
        taken += 1;
        for (let round = 0; round < 3; round += 1) {
          const start = !isRequired && draw(2) === 0 ? `A look${format.mark}` : '';
          const text = tryText(opened, draw, start);
          if (text === undefined) break;
          const parts = readAnswer(text, format);
          const made = parts.filter((part) => part.type === 'call');
          called += made.length;
          const wrong = made.filter(
            (call) => !call.isWhole || !validators.get(call.name)?.(JSON.parse(call.arguments)),
          );
          expect({ tools, text, wrong }).toEqual({ tools, text, wrong: [] });
          expect(made.length).toBeLessThanOrEqual(isParallel ? 16 : 1);
          const mayBeText = !isRequired && !text.includes(format.mark);
          expect(made.length > 0 || mayBeText).toBe(true);
        }
      },
    ),
    { numRuns: RUNS },
  );
  expect(taken).toBeGreaterThan(RUNS / 10);
  expect(called).toBeGreaterThan(RUNS / 10);
});

describe.for(Object.keys(CALL_FORMATS) as (keyof typeof CALL_FORMATS)[])('in %s', (name) => {
  const format = CALL_FORMATS[name];
  const one = { name: 'city', arguments: '{"city": "Paris"}' };
  const write = (count: number) =>
    writeCalls(
      Array.from({ length: count }, () => one),
      format,
    );
  const grammar = (changes: Partial<CallsGrammar>) => calls({ city: CITY }, { format, ...changes });

  test('calls are required, optional behind a text, or bounded in number', () => {
    const rules = [
      { isRequired: true, isParallel: false },
      { isRequired: true, isParallel: true },
      { isRequired: false, isParallel: false },
      { isRequired: false, isParallel: true },
    ].map(grammar);
    const texts = ['', 'Hi', write(1), `Hi\n${write(1)}`, write(2), write(16), write(17)];
    expect(texts.map((text) => rules.map((given) => isText(given, text)))).toEqual([
      [false, false, true, true],
      [false, false, true, true],
      [true, true, true, true],
      [false, false, true, true],
      [false, true, false, true],
      [false, true, false, true],
      [false, false, false, false],
    ]);
  });

  test('a text holds no mark, but all of its beginnings, and nothing follows the calls', () => {
    const { mark } = format;
    const given = grammar({ isRequired: false });
    const beginnings = Array.from(mark, (_, length) => mark.slice(0, length));
    expect(beginnings.map((start) => isText(given, `é${start}`))).not.toContain(false);
    expect(beginnings.map((start) => isText(given, `${start}${write(1)}`))).not.toContain(false);
    expect([mark, `${mark} x`, `${write(1)} x`].map((text) => isText(given, text))).toEqual([
      false,
      false,
      false,
    ]);
  });

  test('the steps to open are those of every other format', () => {
    const stepsOf = (given: CallsGrammar) => openGrammar(given).steps;
    expect(stepsOf(grammar({}))).toBe(stepsOf(grammar({ format: CALL_FORMATS.hermes })));
    expect(stepsOf(grammar({}))).toBe(stepsOf(grammar({ isRequired: false, isParallel: false })));
  });
});

test.each<[string, unknown, string, boolean]>([
  ['a listed property', CITY, '{"city": "x"}', true],
  ['one that is not listed', CITY, '{"city": "x", "b": 1}', false],
  [
    'one that the schema mentions',
    { ...CITY, additionalProperties: true },
    '{"city": "x", "b": 1}',
    true,
  ],
  ['no property of none', { type: 'object', properties: {} }, '{}', true],
  ['a property of none', { type: 'object', properties: {} }, '{"a": 1}', false],
  ['any object where none are listed', { type: 'object' }, '{"a": 1}', true],
  ['any object of an empty schema', {}, '{"a": 1}', true],
  ['what is no object', {}, '[1]', false],
  ['a required property that is not listed', { ...CITY, required: ['b'] }, '{"b": 1}', true],
  ['more than are listed', { ...CITY, minProperties: 2 }, '{"city": "x", "b": 1}', true],
  [
    'one of another alternative',
    { properties: {}, anyOf: [{ properties: { b: { const: 1 } }, required: ['b'] }] },
    '{"b": 1}',
    true,
  ],
])('arguments may be %s: %j, %s', (_, parameters, written, expected) => {
  const text = writeCalls([{ name: 'a', arguments: written }], CALL_FORMATS.hermes);
  expect(isText(calls({ a: parameters }), text)).toBe(expected);
});

test.each<[string, unknown, string]>([
  [
    'no object',
    { type: 'string' },
    'tools[1].function.parameters allows no finite text: remove it, or add a way to end.',
  ],
  [
    'an unknown keyword',
    { properties: { a: { near: 1 } } },
    'tools[1].function.parameters.properties.a.near is not supported.',
  ],
  [
    'no end',
    { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] },
    'tools[1].function.parameters.properties.a allows no finite text: remove it, or add a way to end.',
  ],
])('a tool whose arguments are %s is refused, and named', (_, parameters, message) => {
  expect(() => openGrammar(calls({ good: CITY, bad: parameters }, { isRequired: false }))).toThrow(
    message,
  );
});

test('tools have one budget together', () => {
  const words = Array.from({ length: 4_000 }, (_, at) => `word ${at}`);
  const tools = (count: number) =>
    calls(
      Object.fromEntries(
        Array.from({ length: count }, (_, at) => [
          `t${at}`,
          { properties: { a: { enum: words } } },
        ]),
      ),
    );
  expect(openGrammar(tools(1)).steps).toBeLessThan(150_000);
  expect(() => openGrammar(tools(64))).toThrow(/takes more than 150,000 steps to read/u);
});

function tryOpen(given: CallsGrammar): Automaton | undefined {
  try {
    return openGrammar(given).automaton;
  } catch (error) {
    if (error instanceof GrammarError) return undefined;
    throw error;
  }
}

/** Undefined if the text can go on in too many ways, which ends an answer as its grammar's fault. */
function tryText(
  automaton: Automaton,
  draw: (below: number) => number,
  start: string,
): string | undefined {
  try {
    return randomText(automaton, draw, 200, start);
  } catch (error) {
    if (error instanceof GrammarError) return undefined;
    throw error;
  }
}

/** Undefined if a reference leads the validator into a loop without end. */
function tryValidators(tools: Record<string, object | undefined>) {
  try {
    return new Map(Object.entries(tools).map(([name, schema]) => [name, isValid(schema ?? {})]));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
