import type { Engine, GenerateResult, OutputChunk, Prepared } from '@runfleet/engine';

import type { EngineMetrics } from './engine-metrics.ts';

/** One token changes the cache load very little, so the load is reported at most this often. */
const LOAD_MS_MIN = 250;

/**
 * An engine that reports metrics. It counts from outside: runs beyond the number of slots are
 * waiting, and the cache holds the tokens that the runs with a slot have read and written.
 */
export class MeteredEngine implements Engine {
  readonly #engine: Engine;
  readonly #metrics: EngineMetrics;
  readonly #modelName: string;
  /** Tokens of each run, in order of arrival: the first runs have the slots. */
  readonly #runs = new Set<{ tokens: number }>();
  #loadReportedAt = 0;

  constructor(engine: Engine, metrics: EngineMetrics, modelName: string) {
    this.#engine = engine;
    this.#metrics = metrics;
    this.#modelName = modelName;
    this.#reportLoad();
  }

  get facts(): Engine['facts'] {
    return this.#engine.facts;
  }

  prepare(...request: Parameters<Engine['prepare']>): Promise<Prepared> {
    return this.#engine.prepare(...request);
  }

  async generate(
    prepared: Prepared,
    onOutput: (chunk: OutputChunk) => void,
    signal: AbortSignal,
  ): Promise<GenerateResult> {
    const metrics = this.#metrics;
    const name = this.#modelName;
    const promptTokens = prepared.promptIds.length;
    const run = { tokens: promptTokens };
    this.#runs.add(run);
    this.#reportLoad();
    let tokens = 0;
    let lastAt = performance.now();
    const advance = (to: number) => {
      const added = to - tokens;
      if (added <= 0) return;
      const now = performance.now();
      const seconds = (now - lastAt) / 1_000;
      if (tokens === 0) metrics.firstTextCame(name, seconds, promptTokens);
      else metrics.tokensCame(name, added, seconds);
      metrics.tokensWritten(name, added);
      lastAt = now;
      tokens = to;
      run.tokens = promptTokens + to;
      if (now - this.#loadReportedAt >= LOAD_MS_MIN) this.#reportLoad();
    };
    try {
      const result = await this.#engine.generate(
        prepared,
        (chunk) => {
          advance(chunk.tokens);
          onOutput(chunk);
        },
        signal,
      );
      advance(result.completionTokens);
      metrics.answerEnded(name, result.finishReason);
      if (result.drafts) metrics.tokensGuessed(name, result.drafts);
      return result;
    } finally {
      this.#runs.delete(run);
      this.#reportLoad();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
  }

  #reportLoad(): void {
    this.#loadReportedAt = performance.now();
    const { slots, contextLength } = this.#engine.facts;
    const running = Math.min(this.#runs.size, slots);
    let tokens = 0;
    for (const run of [...this.#runs].slice(0, slots)) tokens += run.tokens;
    this.#metrics.loadChanged(this.#modelName, {
      running,
      waiting: this.#runs.size - running,
      cacheShare: tokens / (slots * contextLength),
    });
  }
}
