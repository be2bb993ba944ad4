const TIMESTAMPTZ = 1184;
const MICROS_PER_MS = 1000n;

/**
 * Reads and writes `timestamptz` as bigint microseconds since 1970. JavaScript's Date would
 * truncate them to milliseconds, and costs are computed from them. They are read as binary (see
 * `wire-formats.ts`) and written as ISO 8601, which Postgres parses under any DateStyle.
 */
export const MOMENT_TYPE = {
  to: TIMESTAMPTZ,
  from: [TIMESTAMPTZ],
  serialize: formatMoment,
  parse: (text: string): bigint => {
    throw new Error(
      `"${text}" came as text, whose format depends on the session: use a parameter.`,
    );
  },
};

// Tasks of one commit share most of their moments, and a moment is written in several commits.
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
