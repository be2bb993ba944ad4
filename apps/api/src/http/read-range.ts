/** The positions of the first and the last byte. */
export type ByteRange = { first: number; last: number };

/**
 * The range of a `Range` header within `sizeBytes`; null for none, and for several ranges or another
 * unit, which a server may answer with everything; `unsatisfiable` for one that begins after the end.
 */
export function readRange(
  header: string | undefined,
  sizeBytes: number,
): ByteRange | 'unsatisfiable' | null {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (from === '' && to === '') return null;
  const end = sizeBytes - 1;
  if (from === '') {
    const count = Math.min(Number(to), sizeBytes);
    return count === 0 ? 'unsatisfiable' : { first: sizeBytes - count, last: end };
  }
  if (to !== '' && Number(to) < Number(from)) return null;
  if (Number(from) > end) return 'unsatisfiable';
  return { first: Number(from), last: to === '' ? end : Math.min(Number(to), end) };
}
