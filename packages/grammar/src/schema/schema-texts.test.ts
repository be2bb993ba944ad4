import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Automaton } from '../automaton.ts';
import { GrammarError } from '../grammar-error.ts';
import { openGrammar } from '../open-grammar.ts';
import { draws } from '../testing/draws.ts';
import { matches } from '../testing/matches.ts';
import { randomSchema, randomValue } from '../testing/random-schema.ts';
import { randomText } from '../testing/random-text.ts';
import { writeValue } from './write-value.ts';

const RUNS = 300;

test('every text of an accepted schema can be ended, and is valid', () => {
  let taken = 0;
  fc.assert(
    fc.property(randomSchema, draws, (given, draw) => {
      const opened = tryOpen(given);
      const isValid = validatorOf(given);
      if (opened instanceof GrammarError || !isValid) return;
      taken += 1;
      for (let round = 0; round < 3; round += 1) {
        const answer = tryText(opened.automaton, draw);
        if (answer === undefined) break;
        const found = { answer, isValid: isValid(JSON.parse(answer)) };
        expect({ given, ...found }).toEqual({ given, answer, isValid: true });
      }
    }),
    { numRuns: RUNS },
  );
  expect(taken).toBeGreaterThan(RUNS / 3);
});

test('no value that the schema refuses is accepted, and a schema that is refused as empty has none', () => {
  let empty = 0;
  fc.assert(
    fc.property(
      randomSchema,
      fc.array(randomValue, { minLength: 10, maxLength: 15 }),
      (given, values) => {
        const opened = tryOpen(given);
        const isValid = validatorOf(given);
        const isEmpty =
          opened instanceof GrammarError && opened.problem.startsWith('allows no finite text');
        if (!isValid || (opened instanceof GrammarError && !isEmpty)) return;
        if (isEmpty) empty += 1;
        const wrong = values.filter((value) =>
          opened instanceof GrammarError
            ? isValid(value)
            : !isValid(value) && matches(opened.automaton, writeValue(value)),
        );
        expect({ given, wrong }).toEqual({ given, wrong: [] });
      },
    ),
    { numRuns: RUNS },
  );
  expect(empty).toBeGreaterThan(RUNS / 100);
});

function tryOpen(given: object) {
  try {
    return openGrammar({ kind: 'json_schema', schema: JSON.stringify(given) });
  } catch (error) {
    if (error instanceof GrammarError) return error;
    throw error;
  }
}

/** Undefined if the text can go on in too many ways, which ends an answer as its grammar's fault. */
function tryText(automaton: Automaton, draw: (below: number) => number): string | undefined {
  try {
    return randomText(automaton, draw, 40);
  } catch (error) {
    if (error instanceof GrammarError) return undefined;
    throw error;
  }
}

/** Undefined if a reference leads the validator into a loop without end. */
function validatorOf(given: object): ((value: unknown) => boolean) | undefined {
  const ajv = new Ajv2020({
    strict: false,
    validateFormats: false,
    validateSchema: false,
    ownProperties: true,
    logger: false,
  });
  try {
    const validate = ajv.compile(JSON.parse(JSON.stringify(given)));
    return (value) => validate(value);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
