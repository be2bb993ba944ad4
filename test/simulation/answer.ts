import type { Claim, Output } from '@runfleet/tasks';

/** A word of an attempt's answer. It names its attempt, so no other attempt writes the same text. */
const wordOf = ({ taskId, epoch }: Claim, n: number): string => `${taskId}.${epoch}.${n} `;

/** The first `tokens` words of an attempt's answer; each word is one token. */
export function textOf(claim: Claim, tokens: number): string {
  return Array.from({ length: tokens }, (_, index) => wordOf(claim, index + 1)).join('');
}

/** What an attempt reports after its `tokens`th word. */
export function outputOf(claim: Claim, tokens: number): Output {
  return { raw: wordOf(claim, tokens), tokens, elapsedMs: tokens };
}
