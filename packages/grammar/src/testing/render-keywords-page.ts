import { ANNOTATIONS, KEYWORDS } from '../schema/keywords.ts';
import { FORMAT_PATTERNS } from '../schema/string-formats.ts';
import { SUITE_COUNTS } from './suite-counts.ts';

const code = (text: string) => `\`${text}\``;

/** `docs/json-schema.md`. */
export function renderKeywordsPage(): string {
  const rows = Object.entries(KEYWORDS).map(([name, { of, how }]): [string, string, string] => [
    code(name),
    of ?? 'any',
    how,
  ]);
  const { groups, taken, empty, valid, written, narrower, invalid } = SUITE_COUNTS;
  return `<!-- Written from packages/grammar/src/schema/keywords.ts: pnpm vitest run packages/grammar/src/schema --update -->

# JSON Schema in answers

\`response_format\` takes a schema in the 2020-12 form. Every complete answer is valid under it. The table lists the
keywords and how each is enforced. A keyword applies only to values of its type: add \`type\` if the answer must have it.

${renderTable(['keyword', 'limits', 'how'], rows)}

These keywords do not limit an answer: ${ANNOTATIONS.map(code).join(', ')}. Any other keyword is refused by name.

Formats: ${Object.keys(FORMAT_PATTERNS).map(code).join(', ')}. They are enforced, not only noted.

## Narrower than the schema

Some values that a schema allows are never written:

- JSON is on one line, with \`, \` and \`: \`. The properties of an object come in the order of the schema, others after
  them.
- Properties that the schema does not name are written only if it names none, or has \`additionalProperties\`,
  \`patternProperties\` or \`unevaluatedProperties\`, or needs them for \`minProperties\`.
- After \`prefixItems\`, more items are written only with \`items\`, \`unevaluatedItems\` or \`contains\`, or as far as
  \`minItems\` needs them.
- A string matches a \`pattern\` as a whole, even without \`^\` and \`$\`. Only patterns that cannot match the same string as
  a whole are searched for in it. In \`not\` and \`patternProperties\`, a pattern may occur anywhere.
- A number has at most 15 digits before the point; with limits, 0, 1, 2 or 4 decimal places, or those of \`multipleOf\`.
- A string has no control characters other than \`\\b \\t \\n \\f \\r\`. A format takes its common forms: a hostname has at
  most four labels, a URI has an authority.

Of the ${groups} groups of JSON-Schema-Test-Suite for 2020-12, ${taken} are taken and ${empty} are refused because they allow
nothing. None of their ${invalid} invalid instances is accepted. Of their ${valid} valid ones, ${written} can be written, and the other
${narrower} differ in one of these ways.

## Refused

A schema is refused with the place of the problem if it has no valid value, or if it cannot be enforced exactly:

- \`not\`, \`if\` and overlapping \`oneOf\` need the opposite of a schema. \`format\`, \`uniqueItems\`, \`propertyNames\`,
  \`patternProperties\`, \`additionalProperties\` and unevaluated keywords have none.
- \`uniqueItems\` needs items from a list of values, or few items of which no two can be equal.
- References stay within the schema; nothing is fetched.
- The limits are 1,000 schemas, 16 levels, 5,000 values of one \`enum\`, 131,072 characters, and a number of steps to read
  it all: about 100 alternatives of \`oneOf\`, or a pattern beside a length of 2,000.
`;
}

/** A Markdown table in the formatter's style. */
function renderTable(
  head: readonly [string, string, string],
  rows: readonly [string, string, string][],
): string {
  const lines = [head, ['', '', ''], ...rows];
  const widths = head.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  return lines
    .map((cells, line) =>
      cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, line === 1 ? '-' : ' ')),
    )
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
