import type { Receipt } from '@runfleet/protocol';

import type { RunState } from './run-state.ts';

const LIVE_SPEED_FROM_MS = 500;

/**
 * The speed of the answer: tokens per second from the receipt; without one, characters per second,
 * because delta frames have no token count.
 */
export function answerSpeed(run: RunState, receipt: Receipt | null): string | null {
  if (receipt !== null) {
    const seconds = Number(receipt.seconds.run);
    if (receipt.completionTokens === 0 || seconds === 0) return null;
    return `${(receipt.completionTokens / seconds).toFixed(1)} tokens/s`;
  }
  if (run.outputFrom === null || run.outputUntil === null) return null;
  const elapsedMs = run.outputUntil - run.outputFrom;
  if (elapsedMs < LIVE_SPEED_FROM_MS) return null;
  return `${Math.round((run.text.length / elapsedMs) * 1000)} chars/s`;
}
