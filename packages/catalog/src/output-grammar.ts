/**
 * Reads which grammar an answer must match: `response_format` in OpenAI's form, or `regex`. Whether
 * it can be enforced is found by opening it, which takes longer: the API and the engine do it in
 * threads of their own.
 */
import { FIELD_OF, type OutputGrammar, parseExactJson, writeExactJson } from '@runfleet/grammar';
import { RunfleetError } from '@runfleet/protocol';

import { readJsonText } from './read-json-text.ts';
import { shownName } from './read-parameter.ts';

const REGEX_CHARACTERS_MAX = 1_000;
const SCHEMA_CHARACTERS_MAX = 131_072;
/** Enough for the longest schema, its labels and whitespace. */
const FORMAT_CHARACTERS_MAX = 2 * SCHEMA_CHARACTERS_MAX;
/** Labels for people, without effect on the answer. */
const LABELS = ['name', 'description'] as const;
const LABEL_CHARACTERS_MAX = 1_024;

/** Null if the answer is free. Throws `invalid_request` with the name of the invalid field. */
export function readOutputGrammar(body: Readonly<Record<string, unknown>>): OutputGrammar | null {
  const format = readResponseFormat(body['response_format']);
  const pattern = readRegex(body['regex']);
  if (format && pattern) throw invalid('regex', 'cannot be combined with [response_format]');
  return format ?? pattern;
}

/** The grammar holds the whole answer, and the tools their calls in it. */
export function refuseBesideTools({ kind }: OutputGrammar): never {
  const name = kind === 'regex' ? 'regex' : 'response_format';
  throw invalid(name, 'cannot be combined with [tools], unless [tool_choice] is none');
}

function readResponseFormat(given: unknown): OutputGrammar | null {
  if (given === undefined || given === null || given === '') return null;
  const name = 'response_format';
  if (typeof given === 'string' && given.length > FORMAT_CHARACTERS_MAX) {
    throw invalid(name, `has ${given.length} characters; the maximum is ${FORMAT_CHARACTERS_MAX}`);
  }
  const format = typeof given === 'string' ? parseFormat(given) : given;
  if (!isObject(format)) {
    throw invalid(name, 'must be an object with a type of text, json_object or json_schema');
  }
  const isSchema = format['type'] === 'json_schema';
  requireMembers(name, format, isSchema ? ['type', 'json_schema'] : ['type']);
  switch (format['type']) {
    case 'text':
      return null;
    case 'json_object':
      return { kind: 'json' };
    case 'json_schema':
      return readSchema(format['json_schema']);
    default:
      throw invalid(`${name}.type`, 'must be text, json_object or json_schema');
  }
}

function readSchema(given: unknown): OutputGrammar {
  const name = 'response_format.json_schema';
  const field = FIELD_OF.json_schema;
  const schema = isObject(given) ? given['schema'] : undefined;
  if (!isObject(given) || !isObject(schema)) {
    throw invalid(name, 'must be an object whose schema is a JSON Schema');
  }
  requireMembers(name, given, ['schema', 'strict', ...LABELS]);
  if (!['boolean', 'undefined'].includes(typeof (given['strict'] ?? undefined))) {
    throw invalid(`${name}.strict`, 'must be true or false');
  }
  for (const label of LABELS) {
    const text = given[label] ?? '';
    if (typeof text !== 'string' || text.length > LABEL_CHARACTERS_MAX) {
      throw invalid(
        `${name}.${label}`,
        `must be a string of at most ${LABEL_CHARACTERS_MAX} characters`,
      );
    }
  }

  const text = writeExactJson(schema);
  if (text.length > SCHEMA_CHARACTERS_MAX) {
    throw invalid(field, `has ${text.length} characters; the maximum is ${SCHEMA_CHARACTERS_MAX}`);
  }
  return { kind: 'json_schema', schema: text };
}

function parseFormat(text: string): unknown {
  readJsonText('response_format', text);
  // Within the bounds, parse it again to keep the digits of large whole numbers.
  return parseExactJson(text);
}

/** Refuses members that are not read, so that they are not stored either. */
function requireMembers(
  path: string,
  given: Readonly<Record<string, unknown>>,
  known: readonly string[],
): void {
  const other = Object.keys(given).find((key) => !known.includes(key));
  if (other !== undefined) throw invalid(`${path}.${shownName(other)}`, 'is not supported');
}

function readRegex(pattern: unknown): OutputGrammar | null {
  if (pattern === undefined || pattern === null || pattern === '') return null;
  if (typeof pattern !== 'string') throw invalid('regex', 'must be a string');
  if (pattern.length > REGEX_CHARACTERS_MAX) {
    throw invalid(
      'regex',
      `has ${pattern.length} characters; the maximum is ${REGEX_CHARACTERS_MAX}`,
    );
  }
  return { kind: 'regex', pattern };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(name: string, problem: string): RunfleetError {
  return new RunfleetError('invalid_request', `Request parameter [${name}] ${problem}`);
}
