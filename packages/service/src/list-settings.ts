import { z } from 'zod';

/** One environment variable, as a config schema declares it. */
export type Setting = {
  readonly name: string;
  readonly description: string;
  readonly isRequired: boolean;
  /** The value used if the variable is not set; null if there is none. */
  readonly defaultValue: string | null;
};

/**
 * The variables of a config schema, in the schema's order: for messages, `.env.example` and docs.
 */
export function listSettings(schema: z.ZodObject): Setting[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const unset = z.safeParse(field, undefined);
    const value: unknown = unset.data;
    return {
      name,
      description: descriptionOf(field),
      isRequired: !unset.success,
      defaultValue: value === undefined || value === null ? null : asText(value),
    };
  });
}

/** `.describe()` applies to the inner schema, which `.default()` and `.optional()` wrap. */
function descriptionOf(field: z.core.$ZodType): string {
  for (let inner: unknown = field; inner instanceof z.core.$ZodType; inner = innerOf(inner)) {
    const description = z.globalRegistry.get(inner)?.description;
    if (description !== undefined) return description;
  }
  return '';
}

function innerOf(schema: z.core.$ZodType): unknown {
  const def: object = schema._zod.def;
  if ('innerType' in def) return def.innerType;
  return 'in' in def ? def.in : undefined;
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value);
}
