import { GrammarError } from '../grammar-error.ts';
import { isSchema, type Schema } from './schema.ts';

/**
 * The schema that `$ref` names, a JSON Pointer into the same text, and its field. Throws
 * `GrammarError` if it is not one of `fields`, the schemas that have been checked.
 */
export function findReference(
  schema: Schema,
  root: unknown,
  fields: ReadonlyMap<unknown, string>,
): [target: Schema, field: string] {
  const { $ref } = schema;
  const target = typeof $ref === 'string' ? valueAt(root, $ref) : undefined;
  const field = fields.get(target);
  if (field !== undefined) return [target as Schema, field];
  throw new GrammarError(
    `${fields.get(schema)}.$ref`,
    'must name a schema within this schema, starting with #/',
  );
}

/**
 * A schema may contain itself within a list or an object. A schema that reaches itself through
 * references and `anyOf` alone has no meaning. Throws `GrammarError`, which names its field.
 */
export function requireNoLoops(root: unknown, fields: ReadonlyMap<unknown, string>): void {
  const done = new Set<Schema>();
  for (const schema of fields.keys()) if (isSchema(schema)) visit(schema, new Set());

  // The recursion is at most as deep as there are schemas, which are few.
  function visit(schema: Schema, above: Set<Schema>): void {
    if (done.has(schema)) return;
    if (above.has(schema)) {
      throw new GrammarError(
        fields.get(schema) ?? '',
        'refers to itself with no list or object in between',
      );
    }
    above.add(schema);
    const { $ref, anyOf } = schema;
    if ($ref !== undefined) visit(findReference(schema, root, fields)[0], above);
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
    // `hasOwn` excludes what the language adds, such as `__proto__` or a list's `length`.
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
