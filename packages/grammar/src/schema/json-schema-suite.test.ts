import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { GrammarError } from '../grammar-error.ts';
import { openGrammar } from '../open-grammar.ts';
import { matches } from '../testing/matches.ts';
import { SUITE_COUNTS } from '../testing/suite-counts.ts';

/** JSON-Schema-Test-Suite, draft 2020-12: groups of a schema and instances, by file. */
const suite = JSON.parse(
  readFileSync(new URL('fixtures/draft2020-12.json', import.meta.url), 'utf8'),
) as Record<string, [group: string, schema: unknown, tests: [string, unknown, boolean][]][]>;

/** Forms of an instance that are tried: its properties may have to come in another order. */
const FORMS_MAX = 1_000;
const TAKEN_SHARE_MIN = 0.8;

/** Why a valid instance is not written. Every other valid one is. */
const NARROWER: Readonly<Record<string, readonly string[]>> = {
  'properties that no keyword names are left out': [
    'additionalProperties: additional properties are allowed by default',
    'anyOf complex types: both anyOf valid (complex)',
    'dependent subschema incompatible with root',
    'A $dynamicRef that initially resolves to a schema without a matching',
    'forbidden property: property absent',
    'object properties validation: doesn',
    'additionalProperties are allowed by default',
    'schema that uses custom metaschema',
  ],
  'items after prefixItems are left out without items': [
    'a schema given for prefixItems: array with additional items',
    'additional items are allowed by default',
    'uniqueItems=false with an array of items',
  ],
  'format is asserted': ['only an annotation by default'],
  'a pattern matches the whole string': ['pattern is not anchored'],
};

const counts = { groups: 0, taken: 0, empty: 0, valid: 0, written: 0, narrower: 0, invalid: 0 };
const accepted: string[] = [];
const missing: string[] = [];

for (const [file, groups] of Object.entries(suite)) {
  for (const [group, schema, instances] of groups) {
    counts.groups += 1;
    const opened = tryOpen(schema);
    if (opened instanceof GrammarError) {
      // A schema without a valid instance is rightly refused.
      const isEmpty = opened.problem.startsWith('allows no finite text');
      if (isEmpty && instances.every(([, , isValid]) => !isValid)) counts.empty += 1;
      continue;
    }
    counts.taken += 1;
    for (const [title, instance, isValid] of instances) {
      const name = `${file}: ${group}: ${title}`;
      const isWritten = formsOf(instance).some((text) => matches(opened.automaton, text));
      counts[isValid ? 'valid' : 'invalid'] += 1;
      if (!isValid && isWritten) accepted.push(name);
      if (!isValid) continue;
      if (isWritten) counts.written += 1;
      else if (
        Object.values(NARROWER)
          .flat()
          .some((known) => name.includes(known))
      ) {
        counts.narrower += 1;
      } else missing.push(name);
    }
  }
}

test('of the official suite, most schemas are taken', () => {
  process.stdout.write(
    `JSON-Schema-Test-Suite 2020-12: ${counts.taken} of ${counts.groups} groups taken and ${counts.empty} refused as they allow nothing; ${counts.written} of ${counts.valid} valid instances written, ${accepted.length} of ${counts.invalid} invalid ones.\n`,
  );
  expect(counts.taken / counts.groups).toBeGreaterThan(TAKEN_SHARE_MIN);
  expect(counts).toEqual(SUITE_COUNTS);
});

test('of the official suite, no invalid instance is accepted', () => {
  expect(accepted).toEqual([]);
});

test('of the official suite, every valid instance can be written, up to the forms that the docs name', () => {
  expect(missing).toEqual([]);
});

function tryOpen(schema: unknown) {
  try {
    return openGrammar({ kind: 'json_schema', schema: JSON.stringify(schema) });
  } catch (error) {
    if (error instanceof GrammarError) return error;
    throw error;
  }
}

/** The texts of a value, with the properties of its objects in every order. */
function formsOf(value: unknown): string[] {
  if (Array.isArray(value)) {
    return combine(value.map(formsOf)).map((items) => `[${items.join(', ')}]`);
  }
  if (typeof value !== 'object' || value === null) return [JSON.stringify(value)];
  const pairs = Object.entries(value).map(([name, inner]) =>
    formsOf(inner).map((text) => `${JSON.stringify(name)}: ${text}`),
  );
  return ordersOf(pairs)
    .flatMap((ordered) => combine(ordered))
    .slice(0, FORMS_MAX)
    .map((all) => `{${all.join(', ')}}`);
}

function combine(choices: readonly (readonly string[])[]): string[][] {
  return choices.reduce<string[][]>(
    (all, options) => all.flatMap((before) => options.map((option) => [...before, option])),
    [[]],
  );
}

function ordersOf<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((first, at) =>
    ordersOf(items.toSpliced(at, 1)).map((rest) => [first, ...rest]),
  );
}
