import type { Alternative, Part, SchemaReader } from './alternative.ts';
import { NOT_ENUM, NOT_MULTIPLE_OF, NOT_PATTERN } from './keywords.ts';
import { limitOf, namesOf, schemasOfItem, schemasOfName, valuesOf } from './members.ts';
import { isMultipleOf } from './multiples.ts';
import { canonical, isListed, isSchema, typeOf } from './schema.ts';
import { FORMAT_PATTERNS } from './string-formats.ts';

const CHARACTERS_PER_STEP = 8;

/**
 * Whether a value is valid. `format` takes what its pattern takes; with `anyFormat` it takes every
 * string, so that a value that is refused is surely not valid.
 */
export function accepts(
  value: unknown,
  schema: unknown,
  all: SchemaReader,
  options: { anyFormat: boolean },
): boolean {
  return all.of(schema).some((alternative) => alternativeAccepts(value, alternative, all, options));
}

export function alternativeAccepts(
  value: unknown,
  { types, values, parts }: Alternative,
  all: SchemaReader,
  options: { anyFormat: boolean },
): boolean {
  all.work.spend(1 + parts.length);
  if ((typeOf(value) & types) === 0) return false;
  if (values && !isListed(values, value)) return false;
  for (const excluded of valuesOf(parts, NOT_ENUM)) {
    if (Array.isArray(excluded) && isListed(excluded, value)) return false;
  }
  if (typeof value === 'number' || typeof value === 'bigint') return acceptsNumber(value, parts);
  if (typeof value === 'string') return acceptsText(value, parts, all, options);
  if (Array.isArray(value)) return acceptsList(value, parts, all, options);
  return !isSchema(value) || acceptsObject(value, parts, all, options);
}

function acceptsNumber(value: number | bigint, parts: readonly Part[]): boolean {
  const numbers = (keyword: string) => valuesOf(parts, keyword) as (number | bigint)[];
  return (
    numbers('minimum').every((limit) => value >= limit) &&
    numbers('maximum').every((limit) => value <= limit) &&
    numbers('exclusiveMinimum').every((limit) => value > limit) &&
    numbers('exclusiveMaximum').every((limit) => value < limit) &&
    numbers('multipleOf').every((divisor) => isMultipleOf(value, divisor)) &&
    !numbers(NOT_MULTIPLE_OF).some((divisor) => isMultipleOf(value, divisor))
  );
}

function acceptsText(
  value: string,
  parts: readonly Part[],
  all: SchemaReader,
  { anyFormat }: { anyFormat: boolean },
): boolean {
  all.work.spend(Math.ceil(value.length / CHARACTERS_PER_STEP));
  const { length } = Array.from(value);
  const occurs = (pattern: unknown) => all.patterns.occursIn(String(pattern), value);
  return (
    length >= limitOf(parts, 'minLength', Math.max, 0) &&
    length <= limitOf(parts, 'maxLength', Math.min, Number.POSITIVE_INFINITY) &&
    valuesOf(parts, 'pattern').every(occurs) &&
    !valuesOf(parts, NOT_PATTERN).some(occurs) &&
    (anyFormat ||
      valuesOf(parts, 'format').every((format) =>
        occurs(`^(?:${FORMAT_PATTERNS[String(format)]})$`),
      ))
  );
}

function acceptsList(
  value: readonly unknown[],
  parts: readonly Part[],
  all: SchemaReader,
  options: { anyFormat: boolean },
): boolean {
  if (value.length < limitOf(parts, 'minItems', Math.max, 0)) return false;
  if (value.length > limitOf(parts, 'maxItems', Math.min, Number.POSITIVE_INFINITY)) return false;
  if (valuesOf(parts, 'uniqueItems').includes(true)) {
    if (new Set(value.map(canonical)).size < value.length) return false;
  }
  const isRight = (item: unknown, schema: unknown) => accepts(item, schema, all, options);
  const areCounted = parts.every(({ schema, over }) => {
    if (over || !('contains' in schema)) return true;
    const count = value.filter((item) => isRight(item, schema['contains'])).length;
    const { minContains, maxContains } = schema;
    return (
      count >= Number(minContains ?? 1) && count <= Number(maxContains ?? Number.POSITIVE_INFINITY)
    );
  });
  return (
    areCounted &&
    value.every((item, index) =>
      schemasOfItem(parts, index, all).every((schema) => isRight(item, schema)),
    )
  );
}

function acceptsObject(
  value: Readonly<Record<string, unknown>>,
  parts: readonly Part[],
  all: SchemaReader,
  options: { anyFormat: boolean },
): boolean {
  const names = Object.keys(value);
  if (names.length < limitOf(parts, 'minProperties', Math.max, 0)) return false;
  if (names.length > limitOf(parts, 'maxProperties', Math.min, Number.POSITIVE_INFINITY))
    return false;
  for (const name of namesOf(parts, 'required')) if (!Object.hasOwn(value, name)) return false;
  return names.every(
    (name) =>
      valuesOf(parts, 'propertyNames').every((schema) => accepts(name, schema, all, options)) &&
      schemasOfName(parts, name, all).every((schema) => accepts(value[name], schema, all, options)),
  );
}
