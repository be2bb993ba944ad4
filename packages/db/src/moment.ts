const TIMESTAMPTZ = 1184;
const MICROS_PER_MS = 1000n;

/**
 * Reads and writes `timestamptz` as bigint microseconds since 1970. JavaScript's Date would cut
 * them to milliseconds, and costs are computed from them. They are read as binary (see
 * `wire-formats.ts`) and written in ISO 8601, which Postgres understands under any DateStyle.
 */
export const MOMENT_TYPE = {
  to: TIMESTAMPTZ,
  from: [TIMESTAMPTZ],
  serialize: formatMoment,
  parse: (text: string): bigint => {
    throw new Error(`"${text}" came as text, whose format hangs on the session: give a parameter.`);
  },
};

// Tasks share most of their moments with the others of their commits, and each is written in several commits.
const MOMENTS_REMEMBERED = 256;
const formatted = new Map<bigint, string>();

export function formatMoment(at: bigint): string {
  const remembered = formatted.get(at);
  if (remembered !== undefined) return remembered;
  const text = textOf(at);
  if (formatted.size === MOMENTS_REMEMBERED) formatted.clear();
  formatted.set(at, text);
  return text;
}

function textOf(at: bigint): string {
  const iso = new Date(Number(at / MICROS_PER_MS)).toISOString();
  return `${iso.slice(0, -1)}${(at % MICROS_PER_MS).toString().padStart(3, '0')}Z`;
}
