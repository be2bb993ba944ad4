import { type Node, repeat } from '../node.ts';
import { parseRegex } from '../regex/parse-regex.ts';
import type { Work } from '../work.ts';
import { ANY_CHARACTER, stringOf, writeEscaped } from './json-parts.ts';
import type { Schema } from './schema.ts';

const date =
  '(?:19|20)\\d\\d-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))';
const time =
  '(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,6})?(?:Z|[+-](?:0\\d|1[0-4]):[0-5]\\d)';
const name = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?';

/** The supported formats. Any other is refused, not ignored. */
export const FORMAT_PATTERNS: Readonly<Record<string, string>> = {
  date,
  'date-time': `${date}T${time}`,
  time,
  email: `[A-Za-z0-9_+-]{1,32}(?:\\.[A-Za-z0-9_+-]{1,32}){0,3}@${name}(?:\\.${name}){1,3}`,
  uuid: '[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}',
};

export function stringNode(schema: Schema, field: string, work: Work): Node {
  const { pattern, format, minLength, maxLength } = schema;
  const keyword = typeof format === 'string' ? 'format' : 'pattern';
  const written = typeof format === 'string' ? FORMAT_PATTERNS[format] : pattern;
  if (typeof written === 'string') {
    work.field = `${field}.${keyword}`;
    return stringOf(parseRegex(written, writeEscaped, work));
  }
  const min = typeof minLength === 'number' ? minLength : 0;
  const max = typeof maxLength === 'number' ? maxLength : Number.POSITIVE_INFINITY;
  return stringOf(repeat(ANY_CHARACTER, min, max));
}
