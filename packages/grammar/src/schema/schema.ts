export type Schema = Readonly<Record<string, unknown>>;

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The types of a value as bits. `number` is a whole number or a fraction. */
export const TYPE_BITS = {
  null: 1,
  boolean: 2,
  integer: 4,
  fraction: 8,
  number: 4 | 8,
  string: 16,
  array: 32,
  object: 64,
} as const;
export const ALL_TYPES = 127;

/** The names that a schema may use. */
export const TYPE_NAMES: readonly string[] = [
  'object',
  'array',
  'string',
  'integer',
  'number',
  'boolean',
  'null',
];

export function typesOf({ type }: Schema): number {
  if (type === undefined) return ALL_TYPES;
  let bits = 0;
  for (const name of Array.isArray(type) ? type : [type]) {
    for (const [known, its] of Object.entries(TYPE_BITS)) if (known === name) bits |= its;
  }
  return bits;
}

export function typeOf(value: unknown): number {
  if (value === null) return TYPE_BITS.null;
  if (Array.isArray(value)) return TYPE_BITS.array;
  if (typeof value === 'boolean') return TYPE_BITS.boolean;
  if (typeof value === 'string') return TYPE_BITS.string;
  if (typeof value === 'bigint' || Number.isInteger(value)) return TYPE_BITS.integer;
  return typeof value === 'number' ? TYPE_BITS.fraction : TYPE_BITS.object;
}

const textsOf = new WeakMap<readonly unknown[], ReadonlySet<string>>();

/** Whether an equal value is listed: the order of properties does not matter, and 1.0 is 1. */
export function isListed(values: readonly unknown[], value: unknown): boolean {
  const texts = textsOf.get(values) ?? new Set(values.map(canonical));
  textsOf.set(values, texts);
  return texts.has(canonical(value));
}

const canonicalOf = new WeakMap<object, string>();

/** The text of a value with its properties sorted by name. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'bigint' ? String(value) : JSON.stringify(value);
  }
  const known = canonicalOf.get(value);
  if (known !== undefined) return known;
  const text = Array.isArray(value)
    ? `[${value.map(canonical).join()}]`
    : `{${Object.entries(value)
        .toSorted(([left], [right]) => (left < right ? -1 : 1))
        .map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`)
        .join()}}`;
  canonicalOf.set(value, text);
  return text;
}
