import type { Automaton, State } from '../automaton.ts';

/** Whether the whole text is one that the automaton allows. */
export function matches(automaton: Automaton, text: string): boolean {
  // The space in front is the tokenizer's.
  let state: State | undefined = automaton.start;
  for (const byte of new TextEncoder().encode(` ${text}`)) {
    state = state && automaton.next(state, byte)?.to;
  }
  return state?.ends ?? false;
}
