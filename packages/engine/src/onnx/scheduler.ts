import { setImmediate } from 'node:timers/promises';

import type { GenerateResult, OutputChunk } from '../engine.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { Slots } from '../slots.ts';
import type { Generation } from './generation.ts';

/** A longer chunk prefills faster, a shorter one lets the other slots' next tokens come sooner. */
export const PREFILL_CHUNK_TOKENS = 256;

type Sequence = {
  readonly generation: Generation;
  readonly slot: number;
  readonly signal: AbortSignal;
  readonly onOutput: (chunk: OutputChunk) => void;
  readonly resolve: (result: GenerateResult) => void;
  readonly reject: (reason: unknown) => void;
  readonly startedAt: number;
  firstTokenAt: number | undefined;
  /** Tokens in the slot's cache. */
  length: number;
};

/**
 * Interleaves the slots of one runtime. Each turn takes one token for every answer under way, then
 * one chunk of the oldest prompt that is still being read, so a long prompt delays the others by a
 * chunk and not by its whole length. Abort signals are looked at between runs, and every turn lets
 * the event loop run so that they can arrive.
 */
export class Scheduler {
  readonly #runtime: Runtime;
  readonly #slots: Slots;
  readonly #chunkTokens: number;
  readonly #onTurnEnd: () => void;
  readonly #sequences = new Set<Sequence>();
  #isTurning = false;

  /** `onTurnEnd` is called after each turn, for whoever collects the output of a turn. */
  constructor(runtime: Runtime, options: { chunkTokens: number; onTurnEnd: () => void }) {
    this.#runtime = runtime;
    this.#slots = new Slots(runtime.slots);
    this.#chunkTokens = options.chunkTokens;
    this.#onTurnEnd = options.onTurnEnd;
  }

  get freeSlots(): number {
    return this.#slots.freeCount;
  }

  async run(
    generation: Generation,
    onOutput: (chunk: OutputChunk) => void,
    signal: AbortSignal,
  ): Promise<GenerateResult> {
    const slot = await this.#slots.take(signal);
    return await new Promise<GenerateResult>((resolve, reject) => {
      this.#sequences.add({
        generation,
        slot,
        signal,
        onOutput,
        resolve,
        reject,
        startedAt: performance.now(),
        firstTokenAt: undefined,
        length: 0,
      });
      void this.#turn();
    });
  }

  async #turn(): Promise<void> {
    if (this.#isTurning) return;
    this.#isTurning = true;
    while (this.#sequences.size > 0) {
      await this.#decode();
      await this.#prefill();
      this.#onTurnEnd();
      await setImmediate();
    }
    this.#isTurning = false;
  }

  async #decode(): Promise<void> {
    const running = [...this.#sequences].filter(
      (sequence) => sequence.firstTokenAt !== undefined && !this.#dropAborted(sequence),
    );
    if (running.length === 0) return;

    const rows = running.map(({ slot, generation, length }) => ({
      slot,
      id: generation.nextId,
      length,
    }));
    try {
      const logits = await this.#runtime.decode(rows);
      for (const [index, sequence] of running.entries()) {
        sequence.length += 1;
        this.#take(sequence, logits[index] ?? new Float32Array());
      }
    } catch (error) {
      for (const sequence of running) this.#fail(sequence, error);
    }
  }

  async #prefill(): Promise<void> {
    for (const sequence of this.#sequences) {
      if (sequence.firstTokenAt !== undefined || this.#dropAborted(sequence)) continue;

      const { slot, length, generation } = sequence;
      const ids = generation.promptIds.slice(length, length + this.#chunkTokens);
      try {
        const logits = await this.#runtime.prefillChunk(slot, ids, length);
        sequence.length += ids.length;
        if (sequence.length === generation.promptIds.length) {
          sequence.firstTokenAt = performance.now();
          this.#take(sequence, logits);
        }
      } catch (error) {
        this.#fail(sequence, error);
      }
      return;
    }
  }

  #take(sequence: Sequence, logits: Float32Array): void {
    if (this.#dropAborted(sequence)) return;
    const { generation, onOutput, resolve, startedAt } = sequence;
    try {
      const chunk = generation.take(logits);
      if (chunk.text !== '' || chunk.logprobs) onOutput(chunk);
    } catch (error) {
      this.#fail(sequence, error);
      return;
    }
    if (!generation.finishReason) return;

    const firstTokenAt = sequence.firstTokenAt ?? startedAt;
    this.#leave(sequence);
    resolve({
      finishReason: generation.finishReason,
      promptTokens: generation.promptIds.length,
      completionTokens: generation.tokens,
      prefillMs: firstTokenAt - startedAt,
      decodeMs: performance.now() - firstTokenAt,
    });
  }

  #dropAborted(sequence: Sequence): boolean {
    if (sequence.signal.aborted) this.#fail(sequence, sequence.signal.reason);
    return sequence.signal.aborted;
  }

  #fail(sequence: Sequence, reason: unknown): void {
    this.#leave(sequence);
    sequence.reject(reason);
  }

  #leave(sequence: Sequence): void {
    // One failed step may name a sequence that has already left; its slot may be another's by now.
    if (!this.#sequences.delete(sequence)) return;
    this.#runtime.rewind(sequence.slot, 0);
    this.#slots.give(sequence.slot);
  }
}
