/** What a measured system, a process of its own, is requested to do, and what it answers. */
export type BenchRequest =
  /** How fast `batch` different sequences of `contextTokens` each are continued by `tokens`. */
  | ({ do: 'decode' } & Decoding)
  /** The same steps with only the graph's runs: no sampling, no text, no scheduler. */
  | ({ do: 'bare' } & Decoding)
  /** How late a timer of the system's own process fires during that work. */
  | ({ do: 'stall' } & Decoding)
  /** Greedy continuations, as token ids. */
  | { do: 'continue'; prompts: readonly (readonly number[])[]; tokens: number }
  /** The negative log likelihood of all ids after the first, in nats. */
  | { do: 'loss'; ids: readonly number[] };

/** Greedy unless `isSampled`. */
export type Decoding = {
  batch: number;
  contextTokens: number;
  tokens: number;
  isSampled?: boolean;
};

export type Decoded = {
  /** Over all sequences, while all of them are being written. */
  tokensPerSecond: number;
  /** CPU time of all threads of the system's process, in the same time. */
  cpuMsPerToken: number;
  /** From the call until every sequence has its first token. */
  prefillMs: number;
  /** CPU time, likewise. */
  prefillCpuMs: number;
};

/** `stallMs` is the 99th percentile. */
export type Answer =
  | { decoded: Decoded }
  | { stallMs: number }
  | { ids: number[][] }
  | { loss: number }
  | { failed: string };

/** Serves the parent process until it disconnects. Sends `ready` once. */
export function serve(handle: (request: BenchRequest) => Promise<Answer>): void {
  process.on('message', (request: BenchRequest) => {
    handle(request)
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
 * Times tokens as they arrive; call `count(sequence)` for each of `tokens` per sequence. The rate
 * covers the time in which all sequences are being written: prompts are read one after the other,
 * so the first sequence to begin is the first to end, and after that the batch is smaller.
 */
export class TokenClock {
  readonly #startedAt = performance.now();
  readonly #startedCpuMs = cpuMs();
  readonly #counts: number[];
  readonly #tokens: number;
  #begun: Moment | undefined;
  #ended: Moment | undefined;

  constructor({ batch, tokens }: { batch: number; tokens: number }) {
    this.#counts = Array.from({ length: batch }, () => 0);
    this.#tokens = tokens;
  }

  count(sequence: number, tokens = 1): void {
    const count = (this.#counts[sequence] ?? 0) + tokens;
    this.#counts[sequence] = count;
    const now = performance.now();
    for (const moment of [this.#begun, this.#ended]) {
      if (moment && now - moment.at < SAME_STEP_MS) moment.count += tokens;
    }
    if (!this.#begun && !this.#counts.includes(0)) this.#begun = this.#moment(now);
    else if (count >= this.#tokens) this.#ended ??= this.#moment(now);
  }

  /** Throws if the sequences never all ran at the same time; more tokens would fix that. */
  end(): Decoded {
    const [begun, ended] = [this.#begun, this.#ended];
    if (!begun || !ended || ended.at <= begun.at) {
      throw new Error(`The first of ${this.#counts.length} ended before the last began.`);
    }
    const tokens = ended.count - begun.count;
    return {
      tokensPerSecond: (1_000 * tokens) / (ended.at - begun.at),
      cpuMsPerToken: (ended.cpuMs - begun.cpuMs) / tokens,
      prefillMs: begun.at - this.#startedAt,
      prefillCpuMs: begun.cpuMs - this.#startedCpuMs,
    };
  }

  #moment(at: number): Moment {
    return { at, cpuMs: cpuMs(), count: this.#counts.reduce((sum, count) => sum + count, 0) };
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** The tokens of one step are reported one after the other but belong together. */
const SAME_STEP_MS = 1;

type Moment = { at: number; cpuMs: number; count: number };
