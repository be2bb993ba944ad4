import { isSchema } from './schema.ts';

/** JSON on one line, in the style of every answer. */
export function writeValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(writeValue).join(', ')}]`;
  if (isSchema(value)) {
    const pairs = Object.entries(value).map(
      ([name, inner]) => `${JSON.stringify(name)}: ${writeValue(inner)}`,
    );
    return `{${pairs.join(', ')}}`;
  }
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}
