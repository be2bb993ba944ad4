import type { Automaton, State } from '../automaton.ts';

/** States looked through for a way to the end. */
const STATES_MAX = 50_000;

/**
 * A text of the automaton: `bytesMax` bytes at most are drawn by `draw`, a whole number below its
 * argument; then comes the shortest way to the end. Throws where there is none, which is what a test
 * wants to know.
 */
export function randomText(
  automaton: Automaton,
  draw: (below: number) => number,
  bytesMax: number,
): string {
  const bytes: number[] = [];
  let state = automaton.next(automaton.start, 0x20)?.to ?? automaton.start;
  while (bytes.length < bytesMax && !(state.ends && draw(8) === 0)) {
    const leaf = state.leaves[draw(Math.max(1, state.leaves.length))];
    if (!leaf) break;
    const byte = leaf.from + draw(leaf.to - leaf.from + 1);
    bytes.push(byte);
    state = automaton.next(state, byte)?.to ?? state;
  }
  bytes.push(...shortestEnd(automaton, state));
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

type Step = { state: State; byte: number; before: Step | undefined };

/** Looks first where the least is left to be written. */
function shortestEnd(automaton: Automaton, from: State): number[] {
  const open: Step[][] = [[{ state: from, byte: 0, before: undefined }]];
  const seen = new Set([from]);
  while (seen.size < STATES_MAX) {
    const step = open.find((steps) => steps && steps.length > 0)?.pop();
    if (!step) break;
    if (step.state.ends) {
      const bytes: number[] = [];
      for (let at = step; at.before; at = at.before) bytes.push(at.byte);
      return bytes.toReversed();
    }
    for (const { from: byte, rest } of step.state.leaves) {
      const state = automaton.next(step.state, byte)?.to;
      if (!state || seen.has(state)) continue;
      seen.add(state);
      let left = 0;
      for (let at: typeof rest | undefined = rest; at; at = at.tail) left += 1;
      (open[left] ??= []).push({ state, byte, before: step });
    }
  }
  throw new Error('The text cannot be ended.');
}
