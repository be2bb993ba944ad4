import { byteToken } from '../text/space-mark-spelling.ts';

export type Vocabulary = { tokens: string[]; merges: [string, string][] };

const PRINTABLE_ASCII = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at));

/**
 * Learns a byte-pair vocabulary from a text, in the layout of the Llama family: <unk>, <s>, </s>,
 * the 256 bytes, the merged tokens, then single characters. The same text gives the same
 * vocabulary. Like published vocabularies, it never joins a ▁ to what precedes it.
 */
export function trainVocabulary(text: string, tokensMax: number): Vocabulary {
  const characters = ['▁', ...PRINTABLE_ASCII];
  const known = new Set(characters);
  const words = countWords(text, known);

  const bytes = Array.from({ length: 256 }, (_, byte) => byteToken(byte));
  const start = ['<unk>', '<s>', '</s>', ...bytes];
  const room = tokensMax - start.length - characters.length;
  const { merges, merged } = learnMerges(words, known, room);
  return { tokens: [...start, ...merged, ...characters], merges };
}

/** The commonest pairs of a text's words, and at most `tokensMax` new tokens that they make. */
export function learnMerges(
  words: readonly Word[],
  characters: Iterable<string>,
  tokensMax: number,
) {
  const known = new Set(characters);
  const parts = words.map((word) => ({ ...word }));
  const merges: [string, string][] = [];
  const merged: string[] = [];
  while (merged.length < tokensMax) {
    const pair = commonestPair(parts);
    if (!pair) break;
    const joined = pair.join('');
    // Two different pairs can make one token; both are merges, but the token is listed once.
    if (!known.has(joined)) merged.push(joined);
    known.add(joined);
    merges.push(pair);
    for (const word of parts) word.parts = joinPairs(word.parts, pair);
  }
  return { merges, merged };
}

export type Word = { parts: string[]; count: number };

function countWords(text: string, known: ReadonlySet<string>): Word[] {
  const counts = new Map<string, number>();
  for (const word of `▁${text.replaceAll(' ', '▁')}`.match(/▁?[^▁\n]+/gu) ?? []) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts]
    .map(([word, count]) => ({ parts: Array.from(word), count }))
    .filter(({ parts }) => parts.every((part) => known.has(part)));
}

/**
 * Among equal counts the first in alphabetical order, so the result does not depend on the order of
 * words.
 */
function commonestPair(words: readonly Word[]): [string, string] | undefined {
  const counts = new Map<string, { pair: [string, string]; count: number }>();
  for (const { parts, count } of words) {
    for (let at = 1; at < parts.length; at += 1) {
      const pair: [string, string] = [parts[at - 1] ?? '', parts[at] ?? ''];
      const key = pair.join(' ');
      const entry = counts.get(key);
      if (entry) entry.count += count;
      else counts.set(key, { pair, count });
    }
  }
  let best: { key: string; pair: [string, string]; count: number } | undefined;
  for (const [key, { pair, count }] of counts) {
    const isBetter = !best || count > best.count || (count === best.count && key < best.key);
    if (isBetter) best = { key, pair, count };
  }
  return best?.pair;
}

function joinPairs(parts: readonly string[], [left, right]: readonly [string, string]): string[] {
  const joined: string[] = [];
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at] ?? '';
    if (part === left && parts[at + 1] === right) {
      joined.push(left + right);
      at += 1;
    } else {
      joined.push(part);
    }
  }
  return joined;
}
