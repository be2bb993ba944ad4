import { choice, EMPTY, byte, type Node, sequence } from '../node.ts';
import { FIELD_OF } from '../output-grammar.ts';
import { ALL_CHARACTERS, character, exclude } from '../regex/characters.ts';

/**
 * Any text in which `mark` does not occur; with `after` also such a text and then `mark` and `after`.
 * `mark` is ASCII. Each state is a number of characters of `mark` that the text ends with.
 */
export function textBefore(mark: string, after: Node | undefined): Node {
  const letters = [...new Set(mark)].toSorted();
  const others = character(
    exclude(
      ALL_CHARACTERS,
      letters.map((letter) => [codeOf(letter), codeOf(letter)] as const),
    ),
  );
  const states = Array.from(mark, (_, matched): Node => {
    let opened: Node | undefined;
    return { kind: 'rule', open: () => (opened ??= open(matched)), field: FIELD_OF.calls };
  });
  const [start = EMPTY] = states;
  const to = (matched: number) => (matched === mark.length ? after : states[matched]);
  return start;

  function open(matched: number): Node {
    const moves = letters.flatMap((letter) => {
      const next = to(endMatched(mark, mark.slice(0, matched) + letter));
      return next ? [sequence(byte(codeOf(letter)), next)] : [];
    });
    return choice(EMPTY, sequence(others, start), ...moves);
  }
}

/** How many characters of `mark` the text ends with. */
function endMatched(mark: string, text: string): number {
  let length = Math.min(mark.length, text.length);
  while (!text.endsWith(mark.slice(0, length))) length -= 1;
  return length;
}

function codeOf(letter: string): number {
  return letter.codePointAt(0) ?? 0;
}
