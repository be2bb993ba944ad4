import type { Ticket } from '@runfleet/queue';
import type { Output } from '@runfleet/tasks';

/** A word of an attempt's answer. It names its attempt, so no other attempt writes the same text. */
const wordOf = ({ taskId, epoch }: Ticket, n: number): string => `${taskId}.${epoch}.${n} `;

/** The first `tokens` words of an attempt's answer; each word is one token. */
export function textOf(ticket: Ticket, tokens: number): string {
  return Array.from({ length: tokens }, (_, index) => wordOf(ticket, index + 1)).join('');
}

/** What an attempt reports after its `tokens`th word. */
export function outputOf(ticket: Ticket, tokens: number): Output {
  return { raw: wordOf(ticket, tokens), tokens, elapsedMs: tokens };
}
