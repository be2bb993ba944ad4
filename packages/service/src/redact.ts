/**
 * Redacts prompts, outputs and everything that grants access from log lines. Names are compared
 * without case, `-` and `_`. Numbers and booleans stay, so counts under these names can be logged.
 */
const SECRET_NAMES = new Set(
  `prompt systemPrompt messages parameters stopSequences text content tokens tokenIds delta
   output outputs raw answer thinking debugOutput debugError body headers params args detail
   authorization cookie setCookie signature xSignature nonce
   accessKey apiKey masterKey privateKey key databaseUrl redisUrl`
    .split(/\s+/)
    .map(plain),
);
const SECRET_ENDINGS = ['token', 'secret', 'password', 'apikey', 'prompt'];

/** The secret names in the callers' spelling, for pino, which matches names exactly. */
export const SECRET_PATHS =
  `prompt messages parameters output outputs raw answer token taskToken tasktoken socketToken
   socketaccesstoken accessKey accesskey apiKey apiSecret secret password authorization cookie
   signature masterKey`.split(/\s+/);

const REDACTED = '[redacted]';
const DEPTH_MAX = 6;
const ITEMS_MAX = 100;
const CREDENTIALS_IN_URL = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi;
// Drizzle ends the message of a failed statement with the statement's values.
const STATEMENT_VALUES = /\nparams: [\s\S]*$/;

/** `fields` without secrets, as plain JSON values; errors with their causes, bigints as strings. */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, redactValue(name, value, 0)]),
  );
}

/**
 * Redacts a text that may contain a connection URL or, at its end, the values of a failed
 * statement.
 */
export function redactText(text: string): string {
  return text.replace(STATEMENT_VALUES, '').replace(CREDENTIALS_IN_URL, `$1:${REDACTED}@`);
}

/** Replaces a secret; counts and flags stay. */
export function censor(value: unknown): unknown {
  const isHarmless =
    value === null ||
    value === undefined ||
    typeof value === 'number' ||
    typeof value === 'boolean';
  return isHarmless ? value : REDACTED;
}

function redactValue(name: string, value: unknown, depth: number): unknown {
  if (isSecretName(name)) return censor(value);
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth === DEPTH_MAX) return '[deeper]';
  if (Array.isArray(value)) {
    return value.slice(0, ITEMS_MAX).map((item) => redactValue('', item, depth + 1));
  }
  const entries = Object.entries(value instanceof Error ? fieldsOf(value) : value);
  return Object.fromEntries(
    entries.map(([inner, item]) => [inner, redactValue(inner, item, depth + 1)]),
  );
}

function fieldsOf(error: Error): Record<string, unknown> {
  const { cause, message, name, stack = '' } = error;
  return {
    type: name,
    message,
    // The stack repeats the message, which may contain lines that look like frames.
    stack: stack.includes(message) ? stack.replace(message, () => redactText(message)) : '',
    ...Object.fromEntries(Object.entries(error)),
    ...(cause === undefined ? {} : { cause }),
    ...(error instanceof AggregateError ? { errors: error.errors } : {}),
  };
}

function isSecretName(name: string): boolean {
  const wanted = plain(name);
  return SECRET_NAMES.has(wanted) || SECRET_ENDINGS.some((ending) => wanted.endsWith(ending));
}

function plain(name: string): string {
  return name.replaceAll(/[-_]/g, '').toLowerCase();
}
