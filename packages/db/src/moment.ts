const TIMESTAMPTZ = 1184;
const MICROS_PER_MS = 1000n;

/**
 * Reads and writes `timestamptz` as bigint microseconds since 1970. JavaScript's Date would cut
 * them to milliseconds, and costs are computed from them.
 */
export const MOMENT_TYPE = {
  to: TIMESTAMPTZ,
  from: [TIMESTAMPTZ],
  serialize: formatMoment,
  parse: parseMoment,
};

/** `2026-11-23 04:31:00.123456+00` as Postgres prints it, to microseconds. */
export function parseMoment(text: string): bigint {
  return remember(parsed, text, microsOf);
}

export function formatMoment(at: bigint): string {
  return remember(formatted, at, textOf);
}

// Tasks share most of their moments with the others of their commits, and each is read in several commits.
const MOMENTS_REMEMBERED = 256;
const parsed = new Map<string, bigint>();
const formatted = new Map<bigint, string>();

function remember<K, V>(known: Map<K, V>, key: K, read: (key: K) => V): V {
  const remembered = known.get(key);
  if (remembered !== undefined) return remembered;
  const value = read(key);
  if (known.size === MOMENTS_REMEMBERED) known.clear();
  known.set(key, value);
  return value;
}

function microsOf(text: string): bigint {
  const match = /^(.+?)(?:\.(\d{1,6}))?([+-]\d{2})(?::?(\d{2}))?$/.exec(text);
  if (!match) throw new Error(`Postgres sent "${text}", which is not a timestamptz.`);
  const [, whole = '', fraction = '', hours = '+00', minutes = '00'] = match;
  const ms = Date.parse(`${whole.replace(' ', 'T')}${hours}:${minutes}`);
  return BigInt(ms) * MICROS_PER_MS + BigInt(fraction.padEnd(6, '0'));
}

function textOf(at: bigint): string {
  const iso = new Date(Number(at / MICROS_PER_MS)).toISOString();
  return `${iso.slice(0, -1)}${(at % MICROS_PER_MS).toString().padStart(3, '0')}Z`;
}
