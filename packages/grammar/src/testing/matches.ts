import type { Automaton, State } from '../automaton.ts';

/** Whether the automaton allows the whole text. */
export function matches(automaton: Automaton, text: string): boolean {
  // The tokenizer writes the space in front.
  let state: State | undefined = automaton.start;
  for (const byte of new TextEncoder().encode(` ${text}`)) {
    state = state && automaton.next(state, byte)?.to;
  }
  return state?.ends ?? false;
}
