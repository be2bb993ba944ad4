/**
 * What an answer must match, as a caller gives it: `response_format` in OpenAI's form, or `regex`.
 * Read here is the shape and the size; the engine compiles it before the run starts.
 */
import { RunfleetError } from '@runfleet/protocol';

import { checkJsonSchema } from './json-schema-rules.ts';
import { regexProblem } from './regex-problem.ts';

/** `schema` is the text of a JSON Schema; `json` is any object or list. */
export type OutputGrammar =
  | { kind: 'json' }
  | { kind: 'json_schema'; schema: string }
  | { kind: 'regex'; pattern: string };

const REGEX_CHARACTERS_MAX = 1_000;
const SCHEMA_CHARACTERS_MAX = 32_768;

/** Null where the answer is free. Throws `invalid_request` naming the field that is wrong. */
export function readOutputGrammar(body: Readonly<Record<string, unknown>>): OutputGrammar | null {
  const format = readResponseFormat(body['response_format']);
  const pattern = readRegex(body['regex']);
  if (format && pattern) throw invalid('regex', 'cannot be combined with [response_format]');
  return format ?? pattern;
}

function readResponseFormat(given: unknown): OutputGrammar | null {
  if (given === undefined || given === null || given === '') return null;
  const name = 'response_format';
  const format = typeof given === 'string' ? parseObject(given) : given;
  if (!isObject(format)) {
    throw invalid(name, 'must be an object with a type of text, json_object or json_schema');
  }
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
  const schema = isObject(given) ? given['schema'] : undefined;
  if (!isObject(schema)) throw invalid(name, 'must be an object whose schema is a JSON Schema');

  const text = JSON.stringify(schema);
  if (text.length > SCHEMA_CHARACTERS_MAX) {
    throw invalid(
      `${name}.schema`,
      `holds ${text.length} characters; ${SCHEMA_CHARACTERS_MAX} is the most`,
    );
  }
  checkJsonSchema(schema, `${name}.schema`);
  return { kind: 'json_schema', schema: text };
}

function readRegex(pattern: unknown): OutputGrammar | null {
  if (pattern === undefined || pattern === null || pattern === '') return null;
  if (typeof pattern !== 'string') throw invalid('regex', 'must be a text');
  if (pattern.length > REGEX_CHARACTERS_MAX) {
    throw invalid(
      'regex',
      `holds ${pattern.length} characters; ${REGEX_CHARACTERS_MAX} is the most`,
    );
  }
  const problem = regexProblem(pattern);
  if (problem !== null) throw invalid('regex', problem);
  return { kind: 'regex', pattern };
}

function parseObject(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(name: string, problem: string): RunfleetError {
  return new RunfleetError('invalid_request', `Request parameter [${name}] ${problem}`);
}
