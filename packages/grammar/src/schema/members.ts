import type { Part, SchemaReader } from './alternative.ts';
import { isSchema } from './schema.ts';

/** Every schema that the item at `index` of a list must match under these parts. */
export function schemasOfItem(parts: readonly Part[], index: number, all: SchemaReader): unknown[] {
  return parts.flatMap((part): unknown[] => {
    const { schema, over } = part;
    if (over) {
      const other = schema['unevaluatedItems'];
      if (other === undefined || over.some((inner) => evaluatesItem(inner, index))) return [];
      const contained = over.flatMap((inner) =>
        !inner.over && 'contains' in inner.schema ? [inner.schema['contains']] : [],
      );
      return [
        contained.length === 0 ? other : all.derive({ anyOf: [...contained, other] }, schema),
      ];
    }
    const prefix = prefixOf(part);
    if (index < prefix.length) return [prefix[index]];
    return schema['items'] === undefined ? [] : [schema['items']];
  });
}

/** The items after this many have the same schemas. */
export function prefixLengthOf(parts: readonly Part[]): number {
  return Math.max(
    0,
    ...parts.flatMap((part) => [part, ...(part.over ?? [])]).map((part) => prefixOf(part).length),
  );
}

/** Every schema that the property `name` must match under these parts; `propertyNames` apart. */
export function schemasOfName(parts: readonly Part[], name: string, all: SchemaReader): unknown[] {
  const occurs = (pattern: string) => all.patterns.occursIn(pattern, name);
  return schemasOfNames(
    parts,
    (schema) => (Object.hasOwn(schema, name) ? [schema[name]] : []),
    occurs,
  );
}

/** Those of every name that no part lists, and in which exactly the patterns of `occurs` occur. */
export function schemasOfOtherNames(
  parts: readonly Part[],
  occurs: (pattern: string) => boolean,
): unknown[] {
  return schemasOfNames(parts, () => [], occurs);
}

function schemasOfNames(
  parts: readonly Part[],
  listed: (properties: Record<string, unknown>) => unknown[],
  occurs: (pattern: string) => boolean,
): unknown[] {
  return parts.flatMap(({ schema, over }): unknown[] => {
    const { properties, patternProperties, additionalProperties, unevaluatedProperties } = schema;
    if (over) {
      if (unevaluatedProperties === undefined) return [];
      const isEvaluated = over.some((inner) =>
        inner.over
          ? inner.schema['unevaluatedProperties'] !== undefined
          : inner.schema['additionalProperties'] !== undefined ||
            matched(inner.schema, listed, occurs).length > 0,
      );
      return isEvaluated ? [] : [unevaluatedProperties];
    }
    if (properties === undefined && patternProperties === undefined) {
      return additionalProperties === undefined ? [] : [additionalProperties];
    }
    const found = matched(schema, listed, occurs);
    if (found.length > 0 || additionalProperties === undefined) return found;
    return [additionalProperties];
  });
}

function matched(
  { properties, patternProperties }: Part['schema'],
  listed: (properties: Record<string, unknown>) => unknown[],
  occurs: (pattern: string) => boolean,
): unknown[] {
  return [
    ...(isSchema(properties) ? listed(properties) : []),
    ...(isSchema(patternProperties)
      ? Object.entries(patternProperties).flatMap(([pattern, inner]) =>
          occurs(pattern) ? [inner] : [],
        )
      : []),
  ];
}

function evaluatesItem(part: Part, index: number): boolean {
  if (part.over) return part.schema['unevaluatedItems'] !== undefined;
  return part.schema['items'] !== undefined || index < prefixOf(part).length;
}

function prefixOf({ schema, over }: Part): readonly unknown[] {
  const { prefixItems } = schema;
  return !over && Array.isArray(prefixItems) ? prefixItems : [];
}

/** The greatest, or the least, of a keyword over all parts. */
export function limitOf(
  parts: readonly Part[],
  keyword: string,
  pick: (left: number, right: number) => number,
  otherwise: number,
): number {
  let limit = otherwise;
  for (const { schema, over } of parts) {
    const value = schema[keyword];
    if (!over && (typeof value === 'number' || typeof value === 'bigint'))
      limit = pick(limit, Number(value));
  }
  return limit;
}

/** The values of a keyword over all parts. */
export function valuesOf(parts: readonly Part[], keyword: string): unknown[] {
  return parts.flatMap(({ schema, over }) => (!over && keyword in schema ? [schema[keyword]] : []));
}

/** The names in lists such as `required`, over all parts. */
export function namesOf(parts: readonly Part[], keyword: string): Set<string> {
  return new Set(
    valuesOf(parts, keyword).flatMap((names) =>
      Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [],
    ),
  );
}
