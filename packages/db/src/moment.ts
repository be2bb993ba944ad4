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
  const match = /^(.+?)(?:\.(\d{1,6}))?([+-]\d{2})(?::?(\d{2}))?$/.exec(text);
  if (!match) throw new Error(`Postgres sent "${text}", which is not a timestamptz.`);
  const [, whole = '', fraction = '', hours = '+00', minutes = '00'] = match;
  const ms = Date.parse(`${whole.replace(' ', 'T')}${hours}:${minutes}`);
  return BigInt(ms) * MICROS_PER_MS + BigInt(fraction.padEnd(6, '0'));
}

/** Nearly all moments of a commit are its own, so the last one is remembered. */
let last = { at: 0n, text: '1970-01-01T00:00:00.000000Z' };

export function formatMoment(at: bigint): string {
  if (at !== last.at) last = { at, text: textOf(at) };
  return last.text;
}

function textOf(at: bigint): string {
  const iso = new Date(Number(at / MICROS_PER_MS)).toISOString();
  return `${iso.slice(0, -1)}${(at % MICROS_PER_MS).toString().padStart(3, '0')}Z`;
}
