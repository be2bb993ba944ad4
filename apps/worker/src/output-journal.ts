/**
 * Writes a task's text to its event log. The first text is committed at once. Text that arrives
 * during a commit shares the next one, and commits are spaced under load, so that a fast model does
 * not need a commit per token. The text that is left at the end is written by the task's last
 * commit. While Postgres is unavailable, text is buffered, up to a bound.
 */
import type { CallFormatName } from '@runfleet/protocol';
import type { Ticket } from '@runfleet/queue';
import { Signal } from '@runfleet/service';
import { appendOutput, type Carried, type Output, type TaskStore } from '@runfleet/tasks';

import { StopReason } from './stop-reason.ts';
import { untilCommitted } from './until-committed.ts';

const BUFFER_CHARACTERS_MAX = 1_000_000;
const SPACING_MS_MIN = 5;
const SPACING_MS_MAX = 250;
/**
 * The pause after a commit, as a multiple of its duration: one task's commits take a fifth of the
 * time.
 */
const SPACING_PER_COMMIT = 4;

export class OutputJournal {
  readonly #ctx: { store: TaskStore };
  readonly #ticket: Ticket;
  readonly #signal: AbortSignal;
  readonly #abort: (reason: StopReason) => void;
  readonly #startedAt = performance.now();
  readonly #started: Promise<Carried>;
  readonly #calls: CallFormatName | null;
  readonly #closed = new Signal();
  #isClosing = false;
  #text = '';
  #tokens = 0;
  #writing: Promise<void> | null = null;

  /**
   * `started` is the commit of the run's start: text is written after it, the model runs before it.
   * `calls` is how the text of a run with tools contains calls.
   */
  constructor(
    ctx: { store: TaskStore },
    options: {
      ticket: Ticket;
      started: Promise<Carried>;
      calls: CallFormatName | null;
      signal: AbortSignal;
      abort: (reason: StopReason) => void;
    },
  ) {
    this.#ctx = ctx;
    this.#ticket = options.ticket;
    this.#signal = options.signal;
    this.#abort = options.abort;
    this.#started = options.started;
    this.#calls = options.calls;
    this.#writing = this.#write();
  }

  /** Tokens whose text was added so far. */
  get tokens(): number {
    return this.#tokens;
  }

  add(chunk: { text: string; tokens: number }): void {
    this.#text += chunk.text;
    this.#tokens = chunk.tokens;
    if (this.#text.length > BUFFER_CHARACTERS_MAX) this.#abort(new StopReason('journal_full'));
    if (this.#text !== '') this.#writing ??= this.#write();
  }

  /**
   * Stops writing, waits for a commit in flight, and returns the text that is not in the log yet,
   * which may be empty.
   */
  async close(): Promise<Output> {
    this.#isClosing = true;
    this.#closed.raise();
    await this.#writing;
    return this.#take();
  }

  async #write(): Promise<void> {
    try {
      if ((await this.#started) === 'fenced') return this.#abort(new StopReason('fenced'));
      while (this.#text !== '' && !this.#isClosing) {
        const output = this.#take();
        const begunAt = performance.now();
        const carried = await untilCommitted(
          () => appendOutput(this.#ctx, this.#ticket, output),
          this.#signal,
        );
        if (carried === 'fenced') return this.#abort(new StopReason('fenced'));
        await this.#space(performance.now() - begunAt);
      }
    } catch (error) {
      // An aborted signal already has its reason; any other error is a statement that Postgres
      // refused.
      if (!this.#signal.aborted) this.#abort(new StopReason('journal_refused', { cause: error }));
    } finally {
      this.#writing = null;
    }
  }

  #take(): Output {
    const raw = this.#text;
    this.#text = '';
    const elapsedMs = Math.round(performance.now() - this.#startedAt);
    const output = { raw, tokens: this.#tokens, elapsedMs };
    return this.#calls === null ? output : { ...output, calls: this.#calls };
  }

  /** Ends early when the run ends, so that the rest of its text is written at once. */
  async #space(commitMs: number): Promise<void> {
    const ms = Math.min(SPACING_MS_MAX, Math.max(SPACING_MS_MIN, SPACING_PER_COMMIT * commitMs));
    await this.#closed.wait(ms);
  }
}
