import type { Claim, Output } from '@runfleet/tasks';

/** A word of an attempt's answer: no other attempt writes the same, so a reader sees whose text it is. */
const wordOf = ({ taskId, epoch }: Claim, place: number): string => `${taskId}.${epoch}.${place} `;

/** The answer of an attempt up to so many tokens, a token being a word. */
export function textOf(claim: Claim, tokens: number): string {
  return Array.from({ length: tokens }, (_, index) => wordOf(claim, index + 1)).join('');
}

/** What an attempt reports when it has written its last word so far. */
export function outputOf(claim: Claim, tokens: number): Output {
  return { raw: wordOf(claim, tokens), tokens, elapsedMs: tokens };
}
