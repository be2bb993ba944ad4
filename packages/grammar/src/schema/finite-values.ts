import { alternativeAccepts } from './accepts.ts';
import type { Alternative, SchemaReader } from './alternative.ts';
import { canonical, TYPE_BITS } from './schema.ts';

/** The values of an alternative if they can be listed. */
export function valuesIn(alternative: Alternative, all: SchemaReader): unknown[] | undefined {
  const { types } = alternative;
  const isListed = (types & ~(TYPE_BITS.null | TYPE_BITS.boolean)) === 0;
  const values = alternative.values ?? (isListed ? [null, true, false] : undefined);
  return values?.filter((value) =>
    alternativeAccepts(value, alternative, all, { anyFormat: false }),
  );
}

/** The different values under all of these schemas if they can be listed. */
export function finiteValues(
  schemas: readonly unknown[],
  all: SchemaReader,
): unknown[] | undefined {
  const found = new Map<string, unknown>();
  for (const alternative of all.ofAll(schemas)) {
    const values = valuesIn(alternative, all);
    if (!values) return undefined;
    for (const value of values) found.set(canonical(value), value);
  }
  return [...found.values()];
}
