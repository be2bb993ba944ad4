import { callsGrammar, type OutputGrammar } from '@runfleet/grammar';
import { CALL_FORMATS, TOOLS_MAX } from '@runfleet/protocol';

import type { SeededRandom } from '../src/sampling/seeded-random.ts';

type Draw = (below: number) => number;

/**
 * A grammar as a tenant could send to make others wait: a nested pattern, a large schema or many
 * tools.
 */
export function drawGrammar(random: SeededRandom): OutputGrammar {
  const draw = (below: number) => random.nextUint32() % below;
  const kinds: readonly [() => OutputGrammar, ...(() => OutputGrammar)[]] = [
    () => ({ kind: 'regex', pattern: `${drawGroup(draw, 3)}.{0,300}` }),
    () => ({ kind: 'json_schema', schema: JSON.stringify(drawSchema(draw, 3)) }),
    () => drawCalls(draw),
  ];
  return pick(draw, kinds)();
}

function drawCalls(draw: Draw): OutputGrammar {
  const tools = Array.from({ length: 1 + draw(TOOLS_MAX) }, (_, at) => ({
    name: `tool_${at}`,
    description: '',
    parameters: { type: 'object', properties: named([drawSchema(draw, 1)]) },
  }));
  const toolChoice = pick(draw, ['auto', 'required'] as const);
  const request = { tools, toolChoice, parallelToolCalls: draw(2) === 0 };
  const format = pick(draw, ['hermes', 'llama3', 'phi4'] as const);
  return callsGrammar(request, CALL_FORMATS[format]) ?? { kind: 'json' };
}

const ATOMS = [
  '.',
  '[a-m]',
  '[^a]',
  '\\w',
  '[一-龥]',
  'the',
  '.*',
  '.{0,60}',
  '[a-z]{3,40}',
  '(a|b|c)',
] as const;

function drawGroup(draw: Draw, depth: number): string {
  const options = Array.from({ length: 1 + draw(3) }, () =>
    Array.from({ length: 1 + draw(4) }, () =>
      depth > 0 && draw(3) === 0 ? drawGroup(draw, depth - 1) : pick(draw, ATOMS),
    ).join(''),
  );
  return `(${options.join('|')})${pick(draw, ['', '*', '+', '{1,50}', '{2,9}', '?'] as const)}`;
}

function drawSchema(draw: Draw, depth: number): object {
  const inner = () => (depth > 0 ? drawSchema(draw, depth - 1) : { type: 'string' });
  const some = (most: number) => Array.from({ length: 1 + draw(most) }, inner);
  const forms: readonly [() => object, ...(() => object)[]] = [
    () => ({ type: 'string', pattern: drawGroup(draw, 1), maxLength: 20 + draw(2_000) }),
    () => ({ type: 'string', pattern: drawGroup(draw, 1), not: { pattern: drawGroup(draw, 0) } }),
    () => ({ type: 'string', minLength: draw(50), maxLength: 50 + draw(9_000) }),
    () => ({ enum: Array.from({ length: 1 + draw(2_000) }, (_, at) => `${draw(9_999)} ${at}`) }),
    () => ({ type: 'number', minimum: -draw(1e9) / 7, maximum: draw(1e9) / 7 }),
    () => ({ type: 'integer', multipleOf: 1 + draw(400) }),
    () => ({ type: 'array', items: inner(), minItems: draw(3), maxItems: 3 + draw(900) }),
    () => ({ type: 'array', items: { enum: [1, 2, 3, 4, 5, 6, 7, 8] }, uniqueItems: true }),
    () => ({ type: 'array', contains: inner(), maxItems: 4 + draw(40) }),
    () => ({ type: 'object', properties: named(some(12)), additionalProperties: inner() }),
    () => ({ type: 'object', properties: named(some(9)), minProperties: 2, maxProperties: 5 }),
    () => ({ type: 'object', patternProperties: { [drawGroup(draw, 0)]: inner(), '^x': true } }),
    () => ({ anyOf: some(8) }),
    () => ({ allOf: some(2) }),
    () => ({ oneOf: some(3) }),
    () => ({}),
  ];
  return pick(draw, forms)();
}

function named(schemas: readonly object[]): object {
  return Object.fromEntries(schemas.map((schema, at) => [`a name ${at}`, schema]));
}

function pick<Item>(draw: Draw, items: readonly [Item, ...Item[]]): Item {
  return items[draw(items.length)] ?? items[0];
}
