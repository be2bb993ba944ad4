/**
 * Watches a stream of text for stop strings and holds back a tail that may be the start of one, so
 * no part of a stop string is ever shown. It holds less than the longest stop string. The first
 * complete stop string ends the answer, so the result does not depend on how the text was split.
 */
export class StopMatcher {
  readonly #sequences: readonly string[];
  #held = '';

  constructor(sequences: readonly string[]) {
    this.#sequences = sequences;
  }

  /** The text that is safe to show, and whether a stop string has ended the answer. */
  next(text: string): { text: string; isStopped: boolean } {
    if (this.#sequences.length === 0) return { text, isStopped: false };

    const seen = this.#held + text;
    const start = startOfFirst(seen, this.#sequences);
    if (start !== undefined) {
      this.#held = '';
      return { text: seen.slice(0, start), isStopped: true };
    }
    const held = Math.max(...this.#sequences.map((sequence) => overlap(seen, sequence)));
    this.#held = seen.slice(seen.length - held);
    return { text: seen.slice(0, seen.length - held), isStopped: false };
  }

  /** The text held back for a stop string that was not completed. */
  end(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }
}

/** Where the stop string that ends first begins; if several end together, the longest. */
function startOfFirst(text: string, sequences: readonly string[]): number | undefined {
  let first: { start: number; end: number } | undefined;
  for (const sequence of sequences) {
    const start = text.indexOf(sequence);
    if (start < 0) continue;
    const end = start + sequence.length;
    if (!first || end < first.end || (end === first.end && start < first.start)) {
      first = { start, end };
    }
  }
  return first?.start;
}

/** The length of the longest suffix of `text` that `sequence` begins with. */
function overlap(text: string, sequence: string): number {
  for (let length = Math.min(sequence.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(sequence.slice(0, length))) return length;
  }
  return 0;
}
