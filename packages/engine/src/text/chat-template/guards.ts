import type { AddedTokenFinder } from './added-token-finder.ts';

/**
 * A lone surrogate, which well-formed text never holds. It is written into messages where they
 * could be taken for the template's tokens, and removed once those are found.
 */
const GUARD = '\uDC00';

/** The text of a message with a guard in each token and at both ends, inside the white space. */
export function guard(content: string, tokens: AddedTokenFinder): string {
  const start = content.length - content.trimStart().length;
  const end = content.trimEnd().length;
  if (start >= end) return content;
  const parts = [content.slice(0, start), GUARD];
  let from = start;
  for (let at = start; ; at = from) {
    const found = tokens.next(content, at);
    if (!found || found.at >= end) break;
    const next = found.at + ((content.codePointAt(found.at) ?? 0) > 0xff_ff ? 2 : 1);
    parts.push(content.slice(from, next), GUARD);
    from = next;
  }
  parts.push(content.slice(from, end), GUARD, content.slice(end));
  return parts.join('');
}

export function removeGuards(text: string): string {
  return text.replaceAll(LONE_GUARD, '');
}

// With `u` this does not match the second half of a character.
const LONE_GUARD = new RegExp(GUARD, 'gu');
