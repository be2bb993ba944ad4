/** What a measured system is asked, each a process of its own, and what it answers. */
export type Ask =
  /** `batch` sequences of `contextTokens` each, all different, every one continued by `tokens`. */
  | { do: 'decode'; batch: number; contextTokens: number; tokens: number }
  /** The same steps with nothing around the graph's runs: no sampling, no text, no scheduler. */
  | { do: 'bare'; batch: number; contextTokens: number; tokens: number }
  /** Greedy continuations, as token ids. */
  | { do: 'continue'; prompts: readonly (readonly number[])[]; tokens: number };

export type Decoded = {
  /** Over all sequences, from the moment that each has said something until the last one ends. */
  tokensPerSecond: number;
  /** From the call until every sequence has said something. */
  prefillMs: number;
  /** The 99th percentile of what a timer of the system's own process waited too long, where it was measured. */
  stallMs?: number;
};

export type Answer = { decoded: Decoded } | { ids: number[][] } | { failed: string };

/** Serves asks of the parent process until it disconnects. `ready` is said once. */
export function serve(handle: (ask: Ask) => Promise<Answer>): void {
  process.on('message', (ask: Ask) => {
    handle(ask)
      .catch((error: Error): Answer => ({ failed: error.stack ?? error.message }))
      .then((answer) => process.send?.(answer))
      .catch(() => process.exit(1));
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}

/** Ids of ordinary words of a built vocabulary, another row for each sequence. */
export function promptIds(sequence: number, length: number): number[] {
  const FIRST = 300;
  const WORDS = 700;
  const ids = Array.from(
    { length: length - 1 },
    (_, at) => FIRST + ((at * 37 + sequence * 101 + ((at * at) % 13)) % WORDS),
  );
  return [1, ...ids];
}

/** Times tokens as they come: `said(sequence)` for each. */
export class TokenClock {
  readonly #startedAt = performance.now();
  readonly #counts: number[];
  #begunAt = 0;
  #countAtBegin = 0;

  constructor(batch: number) {
    this.#counts = Array.from({ length: batch }, () => 0);
  }

  said(sequence: number, tokens = 1): void {
    this.#counts[sequence] = (this.#counts[sequence] ?? 0) + tokens;
    if (this.#begunAt > 0 || this.#counts.includes(0)) return;
    this.#begunAt = performance.now();
    this.#countAtBegin = this.#total();
  }

  end(): Decoded {
    const seconds = (performance.now() - this.#begunAt) / 1_000;
    return {
      tokensPerSecond: (this.#total() - this.#countAtBegin) / seconds,
      prefillMs: this.#begunAt - this.#startedAt,
    };
  }

  #total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }
}
