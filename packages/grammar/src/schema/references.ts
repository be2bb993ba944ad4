import { GrammarError } from '../grammar-error.ts';
import { isSchema, type Schema } from './schema.ts';

/**
 * The schema that `$ref` names, a JSON Pointer within the same text, and its place. Throws
 * `GrammarError` where it names none of `places`, which are those that have been checked.
 */
export function findReference(
  schema: Schema,
  root: unknown,
  places: ReadonlyMap<unknown, string>,
): [target: Schema, place: string] {
  const { $ref } = schema;
  const target = typeof $ref === 'string' ? valueAt(root, $ref) : undefined;
  const place = places.get(target);
  if (place !== undefined) return [target as Schema, place];
  throw new GrammarError(`${places.get(schema)}.$ref`, 'must name a schema of this one, from #/');
}

/**
 * A schema may hold itself, inside a list or an object. One that is itself, by references and `anyOf`
 * alone, means nothing. Throws `GrammarError` with its place.
 */
export function requireNoLoops(root: unknown, places: ReadonlyMap<unknown, string>): void {
  const done = new Set<Schema>();
  for (const schema of places.keys()) if (isSchema(schema)) visit(schema, new Set());

  // As deep as there are schemas, which are few.
  function visit(schema: Schema, above: Set<Schema>): void {
    if (done.has(schema)) return;
    if (above.has(schema)) {
      throw new GrammarError(
        places.get(schema) ?? '',
        'is itself by its references alone: put a list or an object between',
      );
    }
    above.add(schema);
    const { $ref, anyOf } = schema;
    if ($ref !== undefined) visit(findReference(schema, root, places)[0], above);
    for (const option of Array.isArray(anyOf) ? anyOf : []) {
      if (isSchema(option)) visit(option, above);
    }
    above.delete(schema);
    done.add(schema);
  }
}

function valueAt(root: unknown, pointer: string): unknown {
  const [start, ...steps] = pointer.split('/');
  if (start !== '#') return undefined;
  let at = root;
  for (const step of steps) {
    const key = unescape(step);
    const isThere = typeof at === 'object' && at !== null && key !== undefined;
    // `hasOwn` keeps `__proto__` and a list's `length` out, or what the language itself adds.
    at = isThere && Object.hasOwn(at as object, key) ? Reflect.get(at as object, key) : undefined;
  }
  return at;
}

function unescape(step: string): string | undefined {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return undefined;
  }
}
