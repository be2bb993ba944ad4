import { Worker } from 'node:worker_threads';

import { FIELD_OF, type OutputGrammar } from '@runfleet/grammar';
import { RunfleetError } from '@runfleet/protocol';

import { GRAMMAR_TURNS, TenantTurns } from '../turns/tenant-turns.ts';
import { KnownReadings } from './known-readings.ts';
import type { GrammarReport, Reading } from './thread-messages.ts';

/** A last resort. The step limit stops a grammar after about 100 ms, but a machine may stall. */
const READ_MS_MAX = 10_000;
/** The hardest grammar of `measure-grammars` holds 20 MiB. */
const HEAP_MIB_MAX = 256;
/** What a grammar costs that ends its thread: the most that one may take. */
const STEPS_OF_FAILURE = 150_000;

/** Who reads a grammar, and who pays for the work. */
export type Reader = {
  /** Tenants take turns. */
  readonly tenant: string;
  /** Called when its turn comes. It may throw, and the grammar is then not read. */
  requireCredit(): void;
  /** Gets the steps of work that it took, also if it is then refused. */
  spend(steps: number): void;
};

type Waiting = {
  readonly key: string;
  readonly grammar: OutputGrammar;
  readonly reader: Reader;
  readonly resolve: (refusal: Reading['refusal']) => void;
  readonly reject: (error: unknown) => void;
};
type Thread = { readonly worker: Worker; isReady: boolean };

/**
 * Finds which grammars can be enforced, by opening them as the engine does. That takes up to 100 ms,
 * so it is done in a separate thread, one at a time, and tenants take turns. The thread is started
 * with the first grammar, and another one if it fails.
 */
export class GrammarReader implements AsyncDisposable {
  readonly #entry: URL;
  readonly #readMsMax: number;
  readonly #onFailure: (cause: unknown) => void;
  readonly #known = new KnownReadings();
  readonly #turns = new TenantTurns<Waiting>(GRAMMAR_TURNS);
  #reading: Waiting | undefined;
  #thread: Thread | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** `onFailure` gets why the thread failed. The other options are for tests. */
  constructor(
    options: { onFailure?: (cause: unknown) => void; readMsMax?: number; entry?: URL } = {},
  ) {
    this.#onFailure = options.onFailure ?? (() => {});
    this.#readMsMax = options.readMsMax ?? READ_MS_MAX;
    this.#entry = options.entry ?? new URL('./grammar-thread-entry.mjs', import.meta.url);
  }

  /**
   * Throws `invalid_request`, which names the field, if the grammar cannot be enforced, and
   * `rate_limited` or `unavailable` if too many wait. A grammar that the tenant sent before costs no
   * steps.
   */
  async require(grammar: OutputGrammar, reader: Reader): Promise<void> {
    const key = KnownReadings.keyOf(reader.tenant, grammar);
    const known = this.#known.get(key);
    const refusal = known
      ? known.refusal
      : await new Promise<Reading['refusal']>((resolve, reject) => {
          if (this.#isClosed) throw unreadNow();
          this.#turns.add(reader.tenant, { key, grammar, reader, resolve, reject });
          this.#readNext();
        });
    if (!refusal) return;
    const { field, problem } = refusal;
    throw new RunfleetError('invalid_request', `Request parameter [${field}] ${problem}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#reading?.reject(unreadNow());
    for (let next = this.#turns.take(); next; next = this.#turns.take()) next.reject(unreadNow());
    await this.#thread?.worker.terminate();
  }

  #readNext(): void {
    while (!this.#reading && !this.#isClosed) {
      const next = this.#turns.take();
      if (!next) return;
      try {
        next.reader.requireCredit();
      } catch (error) {
        next.reject(error);
        continue;
      }
      // It may have been read while this one waited.
      const known = this.#known.get(next.key);
      if (known) next.resolve(known.refusal);
      else this.#read(next);
    }
  }

  #read(next: Waiting): void {
    this.#reading = next;
    this.#thread ??= this.#start();
    this.#thread.worker.postMessage(next.grammar);
    if (this.#thread.isReady) this.#watch();
  }

  #start(): Thread {
    const worker = new Worker(this.#entry, {
      name: 'grammar',
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
    });
    worker.unref();
    const thread: Thread = { worker, isReady: false };
    let cause: unknown;
    worker.on('message', (report: GrammarReport) => {
      if (this.#thread !== thread) return;
      if (report !== 'ready') return this.#receive(report);
      thread.isReady = true;
      if (this.#reading) this.#watch();
    });
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', () => {
      if (this.#thread === thread) this.#replace(cause ?? new Error('It ended unexpectedly.'));
    });
    return thread;
  }

  #watch(): void {
    clearTimeout(this.#timer);
    const late = () => this.#replace(new Error(`No answer within ${this.#readMsMax} ms.`));
    this.#timer = setTimeout(late, this.#readMsMax).unref();
  }

  #receive(reading: Reading): void {
    clearTimeout(this.#timer);
    const read = this.#reading;
    this.#reading = undefined;
    if (read) {
      this.#known.add(read.key, reading);
      read.reader.spend(reading.steps);
      read.resolve(reading.refusal);
    }
    this.#readNext();
  }

  /** The grammar that the thread was reading is refused; the others continue in a new thread. */
  #replace(cause: unknown): void {
    clearTimeout(this.#timer);
    void this.#thread?.worker.terminate();
    this.#thread = undefined;
    const failed = this.#reading;
    this.#reading = undefined;
    if (!this.#isClosed) this.#onFailure(cause);
    failed?.reader.spend(STEPS_OF_FAILURE);
    failed?.reject(failureOf(failed.grammar, cause));
    this.#readNext();
  }
}

function failureOf({ kind }: OutputGrammar, cause: unknown): RunfleetError {
  if (Object(cause).code === 'ERR_WORKER_OUT_OF_MEMORY') {
    const message = `Request parameter [${FIELD_OF[kind]}] takes too much memory to read. Make it smaller`;
    return new RunfleetError('invalid_request', message, { cause });
  }
  return unreadNow(cause);
}

function unreadNow(cause?: unknown): RunfleetError {
  const message = 'The grammar could not be read right now. Try again shortly.';
  return new RunfleetError('unavailable', message, { cause });
}
