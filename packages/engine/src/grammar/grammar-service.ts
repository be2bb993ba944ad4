import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
} from 'node:worker_threads';

import type { OutputGrammar } from '@runfleet/grammar';

import { EngineError } from '../engine-error.ts';
import type { GrammarCall, GrammarReport, GrammarThreadInput } from './thread-messages.ts';
import { type MaskSource, TokenMasks } from './token-masks.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A last resort. The step limits stop a grammar much sooner, but a machine may stall. */
const MASK_MS_MAX = 10_000;
const HEAP_MIB_MAX = 512;

type Thread = {
  worker: Worker;
  port: MessagePort;
  /** Shared with the thread, which names the path that it is working on. */
  current: Int32Array;
  isReady: boolean;
};

/**
 * Follows grammars in a separate thread, started with the first one. If a mask takes too much time
 * or memory, its thread is ended and that one answer fails. The others continue in a new thread,
 * from their tokens so far.
 */
export class GrammarService implements MaskSource, AsyncDisposable {
  readonly #vocabulary: Vocabulary;
  readonly #maskMsMax: number;
  readonly #entry: URL;
  readonly #open = new Map<number, TokenMasks>();
  /** Paths that wait for a mask, the longest waiting first. */
  #waiting: number[] = [];
  #reports = 0;
  #thread: Thread | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastPath = 0;
  #isClosed = false;

  /** The options are for tests; the defaults are the real limit and thread. */
  constructor(vocabulary: Vocabulary, options: { maskMsMax?: number; entry?: URL } = {}) {
    this.#vocabulary = vocabulary;
    this.#maskMsMax = options.maskMsMax ?? MASK_MS_MAX;
    this.#entry = options.entry ?? new URL('./grammar-thread-entry.mjs', import.meta.url);
  }

  open(grammar: OutputGrammar): TokenMasks {
    this.#lastPath += 1;
    const masks = new TokenMasks(this.#lastPath, grammar, this);
    this.#open.set(masks.path, masks);
    this.#resume(masks);
    return masks;
  }

  take(masks: TokenMasks, id: number): void {
    this.#ask({ type: 'take', path: masks.path, step: masks.ids.length, id });
  }

  close({ path }: TokenMasks): void {
    if (!this.#open.delete(path)) return;
    this.#waiting = this.#waiting.filter((waiting) => waiting !== path);
    this.#thread?.port.postMessage({ type: 'close', path });
    this.#watch();
  }

  collect(): void {
    const port = this.#thread?.port;
    if (!port) return;
    for (let at = receiveMessageOnPort(port); at; at = receiveMessageOnPort(port)) {
      this.#receive(at.message);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#thread?.worker.terminate();
  }

  #resume({ path, ids, grammar }: TokenMasks): void {
    this.#ask({ type: 'open', path, step: ids.length, grammar, ids });
  }

  #ask(call: GrammarCall & { step: number }): void {
    this.#thread ??= this.#start();
    this.#waiting.push(call.path);
    this.#thread.port.postMessage(call);
    if (this.#waiting.length === 1) this.#watch();
  }

  #start(): Thread {
    const { port1: port, port2 } = new MessageChannel();
    const current = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const input: GrammarThreadInput = { port: port2, vocabulary: this.#vocabulary, current };
    const worker = new Worker(this.#entry, {
      name: 'grammar',
      workerData: input,
      transferList: [port2],
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
    });
    const thread: Thread = { worker, port, current, isReady: false };
    let problem = 'ended unexpectedly';
    port.on('message', (report: GrammarReport) => this.#receive(report));
    worker.on('error', (error) => {
      problem = `failed: ${error.message}`;
    });
    worker.on('exit', () => {
      if (this.#thread === thread) this.#replace(problem);
    });
    return thread;
  }

  #receive(report: GrammarReport): void {
    this.#reports += 1;
    if (report.type === 'ready') {
      if (this.#thread) this.#thread.isReady = true;
    } else {
      this.#waiting = this.#waiting.filter((waiting) => waiting !== report.path);
      const masks = this.#open.get(report.path);
      if (report.type === 'failed') {
        this.#open.delete(report.path);
        masks?.settle(new EngineError(report.failure.kind, report.failure.message));
      } else if (report.step === masks?.ids.length) {
        masks.settle(report.mask);
      }
    }
    this.#watch();
  }

  /** Starts the timeout of the slice that the thread is working on. */
  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#waiting.length === 0 || !this.#thread?.isReady || this.#isClosed) return;
    const reports = this.#reports;
    this.#timer = setTimeout(() => {
      // A mask may have arrived while this thread was busy.
      this.collect();
      if (this.#reports === reports) this.#replace('took too long');
    }, this.#maskMsMax);
  }

  /** The path that the thread was working on failed; the waiting ones continue in a new thread. */
  #replace(problem: string): void {
    const thread = this.#thread;
    this.#thread = undefined;
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    thread?.port.close();
    void thread?.worker.terminate();

    const [first = 0] = this.#waiting;
    const current = thread ? Atomics.load(thread.current, 0) : 0;
    const blamed = this.#waiting.includes(current) ? current : first;
    this.#waiting = [];
    const failed = this.#open.get(blamed);
    if (failed) {
      this.#open.delete(failed.path);
      failed.settle(
        new EngineError('input', `The grammar cannot be applied: its thread ${problem}.`),
      );
    }
    for (const masks of this.#open.values()) this.#resume(masks);
  }
}
