import { type ChatMessage, FILE_PARAMETER } from '@runfleet/catalog';
import { RunfleetError } from '@runfleet/protocol';

/**
 * Refuses files that cannot fit the context, before there is a task. No token of a tokenizer goes from
 * one word into the next, so a prompt has at least as many tokens as words. A prompt that is longer
 * only by its exact count is refused by the worker, which has the tokenizer; it costs nothing, either.
 */
export function requireFits(
  messages: readonly ChatMessage[],
  contextTokens: number | undefined,
): void {
  if (contextTokens === undefined) return;
  const words = messages.reduce((sum, { content }) => sum + countWords(content), 0);
  if (words < contextTokens) return;
  throw new RunfleetError(
    'invalid_request',
    `Request parameter [${FILE_PARAMETER}] is too long: the prompt has ${words} words, so at least as many tokens, and the context of the model has ${contextTokens} with the answer. Send less text.`,
  );
}

/** As separated by the white space of ASCII, which every tokenizer splits at. */
function countWords(text: string): number {
  let words = 0;
  let isInWord = false;
  for (let index = 0; index < text.length; index += 1) {
    const isSpace = SPACES.has(text.charCodeAt(index));
    if (!isSpace && !isInWord) words += 1;
    isInWord = !isSpace;
  }
  return words;
}

const SPACES: ReadonlySet<number> = new Set(
  [' ', '\t', '\r', '\n'].map((space) => space.charCodeAt(0)),
);
