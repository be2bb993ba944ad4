/** A close frame's reason has room for this many bytes (RFC 6455, 5.5). */
const REASON_BYTES_MAX = 123;

/** Where to resume: `{"resume":{"<token>":<seq>}}`, with as many tokens as a close frame has room for. */
export function resumeReason(places: Iterable<readonly [token: string, seq: number]>): string {
  let resume: Record<string, number> = {};
  let reason = '{}';
  for (const [token, seq] of places) {
    resume = { ...resume, [token]: seq };
    const longer = JSON.stringify({ resume });
    if (Buffer.byteLength(longer) > REASON_BYTES_MAX) break;
    reason = longer;
  }
  return reason;
}
