import { GrammarError } from '../grammar-error.ts';
import { isSchema, type Schema } from './schema.ts';

/** The base of a text without an `$id`. */
const START = 'schema://root/';

/**
 * The schemas of one text by their names: JSON Pointers, `$id` and `$anchor`. `$id` names a schema
 * for the references in the same text; nothing is ever fetched.
 */
export class References {
  readonly #resources = new Map<string, Schema>();
  readonly #anchors = new Map<string, Schema>();
  readonly #dynamicAnchors = new Map<string, number>();
  readonly #fields: ReadonlyMap<unknown, string>;
  readonly #bases = new Map<Schema, string>();
  /** Where `true` or `false` is a schema: the keys by the object or list that holds them. */
  readonly #booleans = new Map<unknown, Set<string>>();

  /** `fields` holds every schema that was checked, and grows while the text is read. */
  constructor(fields: ReadonlyMap<unknown, string>) {
    this.#fields = fields;
  }

  /** Registers a schema and returns the base of those inside it. */
  add(schema: Schema, outer: string | undefined): string {
    const { $id, $anchor, $dynamicAnchor } = schema;
    let base = outer ?? START;
    if (typeof $id === 'string') base = split(resolve($id, base) ?? base)[0];
    if (outer === undefined || typeof $id === 'string') this.#resources.set(base, schema);
    this.#bases.set(schema, base);
    for (const anchor of [$anchor, $dynamicAnchor]) {
      if (typeof anchor === 'string') this.#anchors.set(`${base}#${anchor}`, schema);
    }
    if (typeof $dynamicAnchor === 'string') {
      this.#dynamicAnchors.set($dynamicAnchor, (this.#dynamicAnchors.get($dynamicAnchor) ?? 0) + 1);
    }
    return base;
  }

  addBoolean(holder: unknown, key: string): void {
    this.#booleans.set(holder, (this.#booleans.get(holder) ?? new Set()).add(key));
  }

  /** Throws `GrammarError` if the reference names no schema of this text. */
  find(schema: Schema, keyword: '$ref' | '$dynamicRef'): Schema | boolean {
    const written = schema[keyword];
    const field = `${this.#fields.get(schema)}.${keyword}`;
    const uri =
      typeof written === 'string' ? resolve(written, this.#bases.get(schema) ?? START) : undefined;
    const [base, fragment] = split(uri ?? '');
    if (keyword === '$dynamicRef' && (this.#dynamicAnchors.get(fragment) ?? 0) > 1) {
      throw new GrammarError(field, 'must name a $dynamicAnchor that occurs once');
    }
    const resource = this.#resources.get(base);
    const target =
      fragment === '' || fragment.startsWith('/')
        ? this.#at(resource, fragment)
        : this.#anchors.get(`${base}#${fragment}`);
    if (target !== undefined) return target;
    throw new GrammarError(field, 'must name a schema within this schema, starting with #/');
  }

  #at(resource: unknown, pointer: string): Schema | boolean | undefined {
    let at = resource;
    let isBoolean = false;
    for (const step of pointer.split('/').slice(1)) {
      const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
      isBoolean = this.#booleans.get(at)?.has(key) ?? false;
      const isThere = typeof at === 'object' && at !== null;
      // `hasOwn` excludes what the language adds, such as `__proto__` or a list's `length`.
      at = isThere && Object.hasOwn(at as object, key) ? Reflect.get(at as object, key) : undefined;
    }
    if (isBoolean && typeof at === 'boolean') return at;
    return isSchema(at) && this.#fields.has(at) ? at : undefined;
  }
}

function resolve(reference: string, base: string): string | undefined {
  try {
    return new URL(reference, base).href;
  } catch {
    return undefined;
  }
}

function split(uri: string): [base: string, fragment: string] {
  const at = uri.indexOf('#');
  return at === -1 ? [uri, ''] : [uri.slice(0, at), unescape(uri.slice(at + 1)) ?? '?'];
}

function unescape(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
}
