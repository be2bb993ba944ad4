import { GrammarError } from '../grammar-error.ts';
import type { Work } from '../work.ts';
import type { Alternative } from './alternative.ts';
import { OWN_KEYWORDS } from './keywords.ts';
import { ALL_TYPES, canonical, isListed, type Schema, typeOf, typesOf } from './schema.ts';

const ALTERNATIVES_MAX = 2_000;

export const ANYTHING: Alternative = { types: ALL_TYPES, values: undefined, parts: [] };

/** Those that take a value which both sides take. */
export function joinAlternatives(
  left: readonly Alternative[],
  right: readonly Alternative[],
  { work, field }: { work: Work; field: string },
): readonly Alternative[] {
  const joined: Alternative[] = [];
  for (const one of left) {
    for (const other of right) {
      work.spend(
        1 + one.parts.length + other.parts.length + (one.values ?? other.values ?? []).length,
      );
      const types = one.types & other.types;
      if (types === 0) continue;
      const values = valuesOfBoth(one.values, other.values, work)?.filter(
        (value) => (typeOf(value) & types) !== 0,
      );
      if (values?.length === 0) continue;
      joined.push({ types, values, parts: [...new Set([...one.parts, ...other.parts])] });
    }
  }
  if (joined.length <= ALTERNATIVES_MAX) return joined;
  throw new GrammarError(field, `has more than ${ALTERNATIVES_MAX} combinations of alternatives`);
}

function valuesOfBoth(
  left: readonly unknown[] | undefined,
  right: readonly unknown[] | undefined,
  work: Work,
): readonly unknown[] | undefined {
  if (!left || !right) return left ?? right;
  work.spend(left.length + right.length);
  return left.filter((value) => isListed(right, value));
}

/** The keywords of one schema alone, without those that hold alternatives. */
export function ownAlternative(schema: Schema): Alternative {
  const values =
    'const' in schema
      ? [schema['const']]
      : Array.isArray(schema['enum'])
        ? schema['enum']
        : undefined;
  const both =
    'const' in schema && Array.isArray(schema['enum'])
      ? schema['enum'].filter((value) => canonical(value) === canonical(schema['const']))
      : values;
  const isLimited = OWN_KEYWORDS.some((keyword) => keyword in schema);
  const parts = isLimited ? [{ schema, isHidden: false, over: undefined }] : [];
  return { types: typesOf(schema), values: both, parts };
}
