import type { OutputGrammar } from '@runfleet/grammar';

import type { EngineError } from '../engine-error.ts';

/** How the answer uses the thread that follows its grammar. */
export type MaskSource = {
  take(masks: TokenMasks, id: number): void;
  close(masks: TokenMasks): void;
  /** Delivers the masks that have arrived, without waiting for the event loop. */
  collect(): void;
};

/** The masks of one answer, which the grammar's thread builds. */
export class TokenMasks {
  readonly path: number;
  readonly grammar: OutputGrammar;
  /** The tokens so far, from which another thread can continue. */
  readonly ids: number[] = [];
  readonly #source: MaskSource;
  #mask: Int32Array | undefined;
  #failure: EngineError | undefined;
  /** Called when `next` is ready or has failed. */
  onReady: () => void = () => {};

  constructor(path: number, grammar: OutputGrammar, source: MaskSource) {
    this.path = path;
    this.grammar = grammar;
    this.#source = source;
  }

  /** Whether `next` can be read. */
  get isReady(): boolean {
    if (!this.#mask && !this.#failure) this.#source.collect();
    return this.#mask !== undefined || this.#failure !== undefined;
  }

  /**
   * One bit per token, the lowest bit first. Only when it is ready. Throws if the grammar failed.
   */
  get next(): Int32Array {
    if (this.#failure) throw this.#failure;
    if (!this.#mask) throw new Error('A mask was read before it was ready.');
    return this.#mask;
  }

  /** Advances by a token that `next` allows. */
  take(id: number): void {
    this.ids.push(id);
    this.#mask = undefined;
    this.#source.take(this, id);
  }

  settle(end: Int32Array | EngineError): void {
    if (end instanceof Int32Array) this.#mask = end;
    else this.#failure = end;
    this.onReady();
  }

  close(): void {
    this.#source.close(this);
  }
}
