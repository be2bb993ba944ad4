/** The longest reason of a close frame (RFC 6455, 5.5). */
const REASON_BYTES_MAX = 123;

/** Positions to resume from, `{"resume":{"<token>":<seq>}}`, with as many tokens as fit into a close frame. */
export function resumeReason(positions: Iterable<readonly [token: string, seq: number]>): string {
  let resume: Record<string, number> = {};
  let reason = '{}';
  for (const [token, seq] of positions) {
    resume = { ...resume, [token]: seq };
    const longer = JSON.stringify({ resume });
    if (Buffer.byteLength(longer) > REASON_BYTES_MAX) break;
    reason = longer;
  }
  return reason;
}
