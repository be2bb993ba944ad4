import type { Automaton, State } from '../grammar/automaton.ts';

/** Whether the whole text is one that the automaton allows. */
export function matches(automaton: Automaton, text: string): boolean {
  // The space in front is the tokenizer's.
  let state: State | undefined = automaton.start;
  for (const byte of Buffer.from(` ${text}`)) state = state && automaton.next(state, byte);
  return state?.ends ?? false;
}
