import type { Automaton, State } from '../automaton.ts';

/** States visited in search of the end. */
const STATES_MAX = 50_000;

/**
 * A text of the automaton, which begins with `start`. Then at most `bytesMax` bytes are drawn with
 * `draw`, which returns a whole number below its argument, and the shortest path to the end follows.
 * Throws if there is none.
 */
export function randomText(
  automaton: Automaton,
  draw: (below: number) => number,
  bytesMax: number,
  start = '',
): string {
  const bytes: number[] = [];
  let state = automaton.next(automaton.start, 0x20)?.to ?? automaton.start;
  for (const byte of new TextEncoder().encode(start)) {
    const edge = automaton.next(state, byte);
    if (!edge) throw new Error('The text cannot begin like this.');
    bytes.push(byte);
    state = edge.to;
  }
  const drawnMax = bytes.length + bytesMax;
  while (bytes.length < drawnMax && !(state.ends && draw(8) === 0)) {
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

/** Visits the states with the least left to write first. */
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
