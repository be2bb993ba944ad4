import type { OutputGrammar } from '@runfleet/grammar';

import type { EngineError } from '../engine-error.ts';

/** What one answer under a grammar asks of the thread that follows it. */
export type MaskSource = {
  take(masks: TokenMasks, id: number): void;
  close(masks: TokenMasks): void;
  /** Hands on what has arrived, without waiting for the event loop. */
  collect(): void;
};

/** Which tokens may come next in one answer, as the grammar's thread finds out. */
export class TokenMasks {
  readonly path: number;
  readonly grammar: OutputGrammar;
  /** The tokens so far, to go on from in another thread. */
  readonly ids: number[] = [];
  readonly #source: MaskSource;
  #mask: Int32Array | undefined;
  #failure: EngineError | undefined;
  /** Called when a token can be chosen, or never will be. */
  onReady: () => void = () => {};

  constructor(path: number, grammar: OutputGrammar, source: MaskSource) {
    this.path = path;
    this.grammar = grammar;
    this.#source = source;
  }

  /** Whether `next` has an answer. */
  get isReady(): boolean {
    if (!this.#mask && !this.#failure) this.#source.collect();
    return this.#mask !== undefined || this.#failure !== undefined;
  }

  /** A bit per token, the first in the lowest place. To be asked for when it is ready. Throws where the grammar failed. */
  get next(): Int32Array {
    if (this.#failure) throw this.#failure;
    if (!this.#mask) throw new Error('A mask was asked for before it was ready.');
    return this.#mask;
  }

  /** Goes on by a token that `next` allows. */
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
