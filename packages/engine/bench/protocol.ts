/** What a measured system is asked, each a process of its own, and what it answers. */
export type Ask =
  /** How fast `batch` sequences of `contextTokens` each, all different, are continued by `tokens`. */
  | ({ do: 'decode' } & Decoding)
  /** The same steps with nothing around the graph's runs: no sampling, no text, no scheduler. */
  | ({ do: 'bare' } & Decoding)
  /** What a timer of the system's own process waits too long meanwhile. */
  | ({ do: 'stall' } & Decoding)
  /** Greedy continuations, as token ids. */
  | { do: 'continue'; prompts: readonly (readonly number[])[]; tokens: number };

export type Decoding = { batch: number; contextTokens: number; tokens: number };

export type Decoded = {
  /** Over all sequences, while all of them are written. */
  tokensPerSecond: number;
  /** From the call until every sequence has said something. */
  prefillMs: number;
};

/** `stallMs` is the 99th percentile. */
export type Answer =
  | { decoded: Decoded }
  | { stallMs: number }
  | { ids: number[][] }
  | { failed: string };

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

/**
 * Times tokens as they come, `said(sequence)` for each of `tokens` per sequence. The rate is that of
 * the time in which all of them are written: prompts are read one after the other, so the first to
 * begin is the first to end, and what then goes on is a smaller batch.
 */
export class TokenClock {
  readonly #startedAt = performance.now();
  readonly #counts: number[];
  readonly #tokens: number;
  #begun: Moment | undefined;
  #ended: Moment | undefined;

  constructor({ batch, tokens }: { batch: number; tokens: number }) {
    this.#counts = Array.from({ length: batch }, () => 0);
    this.#tokens = tokens;
  }

  said(sequence: number, tokens = 1): void {
    const count = (this.#counts[sequence] ?? 0) + tokens;
    this.#counts[sequence] = count;
    const now = performance.now();
    for (const moment of [this.#begun, this.#ended]) {
      if (moment && now - moment.at < SAME_STEP_MS) moment.count += tokens;
    }
    if (!this.#begun && !this.#counts.includes(0)) this.#begun = this.#moment(now);
    else if (count >= this.#tokens) this.#ended ??= this.#moment(now);
  }

  /** Throws where no moment had all sequences under way, which more tokens would change. */
  end(): Decoded {
    const [begun, ended] = [this.#begun, this.#ended];
    if (!begun || !ended || ended.at <= begun.at) {
      throw new Error(`The first of ${this.#counts.length} ended before the last began.`);
    }
    return {
      tokensPerSecond: (1_000 * (ended.count - begun.count)) / (ended.at - begun.at),
      prefillMs: begun.at - this.#startedAt,
    };
  }

  #moment(at: number): Moment {
    return { at, count: this.#counts.reduce((sum, count) => sum + count, 0) };
  }
}

/** A step's tokens are told of one after the other, and belong together. */
const SAME_STEP_MS = 1;

type Moment = { at: number; count: number };
