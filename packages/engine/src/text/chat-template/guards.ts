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

/** Characters without a meaning, which JSON writes as they are. */
const [FIRST, LAST] = [0xe000, 0xf8ff];
const CANDIDATES = /[\uE000-\uF8FF]/g;

/** A character that these texts do not hold; undefined if there is none. */
export function freeGuard(texts: Iterable<string>): string | undefined {
  const used = new Set<string>();
  for (const text of texts) for (const [found] of text.matchAll(CANDIDATES)) used.add(found);
  for (let code = FIRST; code <= LAST; code += 1) {
    const guard = String.fromCodePoint(code);
    if (!used.has(guard)) return guard;
  }
  return undefined;
}
