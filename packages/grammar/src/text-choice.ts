import { byte, choice, EMPTY, type Node, sequence, textOf } from './node.ts';

const encoder = new TextEncoder();

/** One of these texts. Texts that begin alike share their start, so thousands cost little to follow. */
export function textChoice(texts: readonly string[]): Node {
  const spelled = texts.map((text) => encoder.encode(text));
  spelled.sort(compareBytes);
  return branch(spelled, 0, spelled.length, 0);
}

/**
 * The texts from `from` to `to`, which are equal before `at`. The recursion is at most as deep as
 * there are characters at which texts part.
 */
function branch(texts: readonly Uint8Array[], from: number, to: number, at: number): Node {
  const [first, last] = [texts[from], texts[to - 1]];
  if (!first || !last) return choice();
  let end = at;
  while (end < first.length && first[end] === last[end]) end += 1;
  const shared = textOf(first.subarray(at, end));
  const options: Node[] = [];
  let next = from;
  while (texts[next]?.length === end && next < to) next += 1;
  if (next > from) options.push(EMPTY);
  while (next < to) {
    const letter = texts[next]?.[end] ?? 0;
    const start = next;
    while (next < to && texts[next]?.[end] === letter) next += 1;
    options.push(sequence(byte(letter), branch(texts, start, next, end + 1)));
  }
  return sequence(shared, choice(...options));
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
