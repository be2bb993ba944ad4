import type { AddedTokenFinder } from './added-token-finder.ts';

/**
 * The text of a tenant with a guard in each token and at both ends, inside the white space. A guard
 * is written where text could be taken for the template's tokens, and removed once those are found.
 */
export function guarded(content: string, tokens: AddedTokenFinder, guard: string): string {
  const start = content.length - content.trimStart().length;
  const end = content.trimEnd().length;
  if (start >= end) return content;
  const parts = [content.slice(0, start), guard];
  let from = start;
  for (let at = start; ; at = from) {
    const found = tokens.next(content, at);
    if (!found || found.at >= end) break;
    const next = found.at + ((content.codePointAt(found.at) ?? 0) > 0xff_ff ? 2 : 1);
    parts.push(content.slice(from, next), guard);
    from = next;
  }
  parts.push(content.slice(from, end), guard, content.slice(end));
  return parts.join('');
}

/** Characters of private use: they have no meaning, and JSON writes them as they are. */
const [FIRST, LAST] = [0xe000, 0xf8ff];

/** A character that these texts do not hold; undefined if there is none. */
export function freeGuard(texts: Iterable<string>): string | undefined {
  const isUsed = new Uint8Array(LAST - FIRST + 1);
  for (const text of texts) {
    // A loop instead of a regular expression, which would make an object for each of a million.
    for (let at = 0; at < text.length; at += 1) {
      const place = text.charCodeAt(at) - FIRST;
      if (place >= 0 && place < isUsed.length) isUsed[place] = 1;
    }
  }
  const free = isUsed.indexOf(0);
  return free < 0 ? undefined : String.fromCharCode(FIRST + free);
}
