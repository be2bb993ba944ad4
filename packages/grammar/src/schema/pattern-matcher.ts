import { Automaton, follow } from '../automaton.ts';
import type { Node } from '../node.ts';
import { character } from '../regex/characters.ts';
import { parseSearchRegex } from '../regex/parse-regex.ts';
import type { Work } from '../work.ts';

/** Whether patterns occur in texts that are known, such as the names of properties. */
export class PatternMatcher {
  readonly #work: Work;
  readonly #known = new Map<string, { node: Node; automaton: Automaton }>();

  constructor(work: Work) {
    this.#work = work;
  }

  /** The plain texts in which the pattern occurs. */
  nodeOf(pattern: string): Node {
    return this.#open(pattern).node;
  }

  occursIn(pattern: string, text: string): boolean {
    const { automaton } = this.#open(pattern);
    // The automaton allows one space more in front, as the tokenizer writes it.
    const bytes = new TextEncoder().encode(` ${text}`);
    return follow(automaton, automaton.start, bytes, this.#work)?.ends ?? false;
  }

  #open(pattern: string): { node: Node; automaton: Automaton } {
    const known = this.#known.get(pattern);
    if (known) return known;
    const node = parseSearchRegex(pattern, character, this.#work);
    const opened = { node, automaton: new Automaton(node, this.#work.field) };
    this.#known.set(pattern, opened);
    return opened;
  }
}
