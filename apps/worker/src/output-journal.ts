/**
 * Carries a task's text into its event log. The first text is committed at once; what comes during
 * a commit shares the next, and under load commits are spaced, so that a fast model does not pay
 * a commit per token. While Postgres is away text is kept, up to a bound.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { appendOutput, type Claim, type TaskStore } from '@runfleet/tasks';

import { StopReason } from './stop-reason.ts';
import { untilCommitted } from './until-committed.ts';

const BUFFER_CHARACTERS_MAX = 1_000_000;
const SPACING_MS_MIN = 5;
const SPACING_MS_MAX = 250;
/** A commit may take this share of the time, so that ten tasks' text does not fill a database. */
const SPACING_PER_COMMIT_MS = 4;

export class OutputJournal {
  readonly #ctx: { store: TaskStore };
  readonly #claim: Claim;
  readonly #signal: AbortSignal;
  readonly #abort: (reason: StopReason) => void;
  readonly #startedAt = performance.now();
  #text = '';
  #tokens = 0;
  #writing: Promise<void> | null = null;
  #isClosing = false;
  #hurry = new AbortController();

  constructor(
    ctx: { store: TaskStore },
    options: { claim: Claim; signal: AbortSignal; abort: (reason: StopReason) => void },
  ) {
    this.#ctx = ctx;
    this.#claim = options.claim;
    this.#signal = options.signal;
    this.#abort = options.abort;
  }

  /** Tokens whose text was given so far. */
  get tokens(): number {
    return this.#tokens;
  }

  add(chunk: { text: string; tokens: number }): void {
    this.#text += chunk.text;
    this.#tokens = chunk.tokens;
    if (this.#text.length > BUFFER_CHARACTERS_MAX) this.#abort(new StopReason('journal_full'));
    if (this.#text !== '') this.#writing ??= this.#write();
  }

  /** Resolves when all text is in the log. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#hurry.abort();
    await this.#writing;
  }

  async #write(): Promise<void> {
    try {
      while (this.#text !== '') {
        const output = {
          raw: this.#text,
          tokens: this.#tokens,
          elapsedMs: Math.round(performance.now() - this.#startedAt),
        };
        this.#text = '';
        const begunAt = performance.now();
        const carried = await untilCommitted(
          () => appendOutput(this.#ctx, this.#claim, output),
          this.#signal,
        );
        if (carried === 'fenced') return this.#abort(new StopReason('fenced'));
        if (!this.#isClosing) await this.#space(performance.now() - begunAt);
      }
    } finally {
      this.#writing = null;
    }
  }

  async #space(commitMs: number): Promise<void> {
    const ms = Math.min(SPACING_MS_MAX, Math.max(SPACING_MS_MIN, SPACING_PER_COMMIT_MS * commitMs));
    await delay(ms, undefined, { signal: this.#hurry.signal }).catch(() => {
      // The run ended; the rest is written at once.
    });
  }
}
