import { setImmediate } from 'node:timers/promises';

import { EngineError } from '../engine-error.ts';
import type { GenerateResult, OutputChunk } from '../engine.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { Slots } from '../slots.ts';
import { chunkTokens } from './chunk-tokens.ts';
import type { Generation } from './generation.ts';
import { PrefillPace } from './prefill-pace.ts';
import { lookUpNext } from './prompt-lookup.ts';
import { SlotAllocator } from './slot-allocator.ts';

type Sequence = {
  readonly generation: Generation;
  readonly signal: AbortSignal;
  readonly onOutput: (chunk: OutputChunk) => void;
  readonly resolve: (result: GenerateResult) => void;
  readonly reject: (reason: unknown) => void;
  readonly startedAt: number;
  firstTokenAt: number | undefined;
  /** Prompt and answer. */
  readonly ids: number[];
  readonly cacheScope: string | undefined;
  /** Undefined while the sequence waits for a slot of its class. */
  location: { allocator: SlotAllocator; slot: number } | undefined;
  /** How many tokens of the prompt its first slot held already; undefined before it has one. */
  cachedTokens: number | undefined;
  /** How many of `ids` the cache of its slot holds. */
  length: number;
  /** How many of those were read in chunks. */
  readLength: number;
  /** How many are to be read in chunks before the answer continues. */
  promptLength: number;
  /**
   * The logits after the last token, kept while the grammar's mask is not ready, and since when.
   */
  held: { logits: Float32Array; since: number } | undefined;
  maskWaitMs: number;
  /** Tokens guessed ahead, how many of them were right, and how many of the last draft were. */
  readonly drafts: { tokens: number; accepted: number; acceptedLast: number };
};

type SlottedSequence = Sequence & { location: NonNullable<Sequence['location']> };

/**
 * Rows computed for gaps between answers before the topmost answer is moved into the gap below it.
 */
const IDLE_ROWS_MAX = 32;
/** Tokens of prompts read in one turn, however fast they are read. */
const TURN_TOKENS_MAX = 512;
/**
 * A draft may be this much longer than the right part of the last one: a wrong token costs a row of
 * a run.
 */
const DRAFT_TOKENS_MORE = 2;

/**
 * Runs many answers on one runtime. Each turn first takes one token for every running answer, in
 * one run per slot class. Then it reads prompts, one after the other, as far as the turn's pace
 * allows: a long prompt delays the answers and the prompts beside it by no more than its share.
 *
 * An answer whose grammar mask is not ready misses steps until it is; the others continue.
 *
 * A sequence that outgrows the short slots is read again from its start in a long one, because the
 * long slot uses another LongRoPE table. An answer that runs alone may advance several tokens in
 * one run where it repeats earlier text; the tokens it samples do not change. An abort frees its
 * slot after the current run, and ends that run if it serves no other answer. Failures are
 * isolated: if a run of several rows fails, each row is run again alone.
 */
export class Scheduler {
  readonly #runtime: Runtime;
  readonly #admission: Slots;
  readonly #allocators: readonly SlotAllocator[];
  readonly #onTurnEnd: () => void;
  readonly #promptLookupTokens: number;
  /** In the order in which prompts are read. */
  readonly #sequences = new Set<Sequence>();
  readonly #pace = new PrefillPace();
  #isTurning = false;
  /** Ends the wait of a turn that had nothing to run. */
  #wake: () => void = () => {};
  /** The sequences of the current run. */
  #served: readonly Sequence[] = [];
  #idleRows = 0;

  /**
   * `onTurnEnd` is called after each turn, when its output is complete. `promptLookupTokens` is the
   * longest draft; the default is none.
   */
  constructor(
    runtime: Runtime,
    options: { onTurnEnd: () => void; promptLookupTokens?: number | undefined },
  ) {
    this.#runtime = runtime;
    this.#promptLookupTokens = options.promptLookupTokens ?? 0;
    this.#allocators = runtime.slotClasses.flatMap((slotClass) =>
      slotClass ? [new SlotAllocator(slotClass, runtime)] : [],
    );
    // Long slots come on top: a sequence that moves into one frees a short one.
    this.#admission = new Slots(runtime.slotClasses[0].count);
    this.#onTurnEnd = options.onTurnEnd;
  }

  get freeSlots(): number {
    return this.#admission.freeCount;
  }

  async run(
    generation: Generation,
    onOutput: (chunk: OutputChunk) => void,
    signal: AbortSignal,
  ): Promise<GenerateResult> {
    const { promptIds } = generation;
    this.#checkPrompt(promptIds);
    const admission = await this.#admission.take(signal);
    const onAbort = () => {
      this.#wake();
      if (this.#served.every((sequence) => sequence.signal.aborted)) this.#runtime.terminate();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await new Promise<GenerateResult>((resolve, reject) => {
        this.#sequences.add({
          generation,
          signal,
          onOutput,
          resolve,
          reject,
          startedAt: performance.now(),
          firstTokenAt: undefined,
          ids: [...promptIds],
          cacheScope: generation.cacheScope,
          location: undefined,
          cachedTokens: undefined,
          length: 0,
          readLength: 0,
          promptLength: 0,
          held: undefined,
          maskWaitMs: 0,
          drafts: { tokens: 0, accepted: 0, acceptedLast: 0 },
        });
        generation.onReady(() => this.#wake());
        this.#wake();
        void this.#turn();
      });
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#admission.give(admission);
    }
  }

  /** Neither may reach the graph: it never returns for the first, and fails as a device does. */
  #checkPrompt(promptIds: readonly number[] | Int32Array): void {
    const most = Math.max(...this.#allocators.map(({ slotClass }) => slotClass.tokens));
    if (promptIds.length === 0 || promptIds.length > most) {
      throw new EngineError(
        'input',
        `The prompt has ${promptIds.length} tokens; a slot holds 1 to ${most}.`,
      );
    }
    const { vocabularySize } = this.#runtime;
    for (const id of promptIds) {
      if (Number.isSafeInteger(id) && id >= 0 && id < vocabularySize) continue;
      throw new EngineError(
        'input',
        `The prompt has the id ${id}; the model has 0 to ${vocabularySize - 1}.`,
      );
    }
  }

  async #turn(): Promise<void> {
    if (this.#isTurning) return;
    this.#isTurning = true;
    while (this.#sequences.size > 0) {
      this.#admit();
      this.#takeHeld();
      let rows = 0;
      for (const allocator of this.#allocators) rows += await this.#decode(allocator);
      const hasRead = await this.#prefill(rows);
      this.#onTurnEnd();
      if (rows > 0 || hasRead) await setImmediate();
      else await this.#rest();
    }
    this.#isTurning = false;
  }

  /**
   * Called when every answer waits for its mask. Returns when one is ready, or when an answer
   * starts or is aborted.
   */
  async #rest(): Promise<void> {
    const held = [...this.#sequences].filter((sequence) => sequence.held);
    if (held.some(({ generation, signal }) => generation.isReady || signal.aborted)) return;
    if (held.length === 0) await setImmediate();
    else await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  /**
   * Answers whose masks have arrived join the next step. The others miss it, and the step does not
   * wait for them.
   */
  #takeHeld(): void {
    for (const sequence of this.#sequences) {
      const { held } = sequence;
      if (!held || !hasSlot(sequence) || !sequence.generation.isReady) continue;
      sequence.held = undefined;
      sequence.maskWaitMs += performance.now() - held.since;
      this.#take(sequence, held.logits);
    }
  }

  /** Gives free slots to waiting sequences, first come first served. */
  #admit(): void {
    for (const sequence of this.#sequences) {
      if (this.#dropAborted(sequence) || sequence.location) continue;
      const allocator = this.#allocators.find(
        ({ slotClass }) => sequence.ids.length <= slotClass.tokens,
      );
      const taken = allocator?.take(sequence);
      if (!allocator || !taken) continue;
      sequence.location = { allocator, slot: taken.slot };
      sequence.cachedTokens ??= taken.length;
      sequence.length = taken.length;
      sequence.readLength = taken.length;
      sequence.promptLength = sequence.ids.length;
      allocator.fill(taken.slot, sequence);
    }
  }

  /** Runs one step for all answers in the allocator's slots, and returns how many there are. */
  async #decode(allocator: SlotAllocator): Promise<number> {
    const running = [...this.#sequences].filter(
      (sequence): sequence is SlottedSequence =>
        sequence.location?.allocator === allocator &&
        sequence.length === sequence.ids.length - 1 &&
        !this.#dropAborted(sequence),
    );
    if (running.length === 0) return 0;

    this.#closeGaps(allocator, running);
    const startedAt = performance.now();
    const draft = this.#draft(running);
    if (draft) await this.#stepAhead(...draft);
    const isDone = draft !== undefined || (await this.#step(running));
    this.#pace.decoded(performance.now() - startedAt);
    if (!isDone && running.length > 1) {
      for (const sequence of running) {
        if (!this.#dropAborted(sequence)) await this.#step([sequence]);
      }
    }
    return running.length;
  }

  /** False if the run failed. If it had a single row, that answer fails. */
  async #step(running: readonly SlottedSequence[]): Promise<boolean> {
    const rows = running.map(({ location, ids, length }) => ({
      slot: location.slot,
      id: ids[length] ?? 0,
      length,
    }));
    try {
      const logits = await this.#serve(running, () => this.#runtime.decode(rows));
      for (const [index, sequence] of running.entries()) {
        sequence.length += 1;
        this.#take(sequence, logits[index] ?? new Float32Array());
      }
      return true;
    } catch (error) {
      const [only] = running;
      if (running.length === 1 && only) this.#fail(only, error);
      return false;
    }
  }

  /**
   * A draft for the only running answer; undefined if there are several, or nothing to guess from.
   */
  #draft([only]: readonly SlottedSequence[]): [SlottedSequence, readonly number[]] | undefined {
    if (!only || this.#sequences.size > 1 || this.#promptLookupTokens === 0) return undefined;
    // Each token of a draft would have to wait for the mask of the one before it.
    if (only.generation.hasGrammar) return undefined;
    const { ids, length, drafts, location } = only;
    // The newest token runs together with the draft.
    const room = Math.min(
      location.allocator.slotClass.tokens - ids.length,
      this.#runtime.chunkTokensMax(length) - 1,
    );
    const most = Math.min(this.#promptLookupTokens, drafts.acceptedLast + DRAFT_TOKENS_MORE, room);
    const draft = lookUpNext(ids, Math.max(0, most));
    return draft.length > 0 ? [only, draft] : undefined;
  }

  /**
   * Runs the newest token and the draft in one run, and keeps the tokens that the answer would have
   * chosen anyway.
   */
  async #stepAhead(sequence: SlottedSequence, draft: readonly number[]): Promise<void> {
    const { location, ids, length, drafts } = sequence;
    const newest = ids.slice(length);
    drafts.tokens += draft.length;
    drafts.acceptedLast = 0;
    try {
      const logits = await this.#serve([sequence], () =>
        this.#runtime.verify(location.slot, [...newest, ...draft], length),
      );
      for (const [at, row] of logits.entries()) {
        sequence.length += 1;
        this.#take(sequence, row);
        // The answer ended, or continues in another slot.
        if (sequence.location !== location) return;
        if (ids.at(-1) !== draft[at]) break;
        drafts.accepted += 1;
        drafts.acceptedLast += 1;
      }
      this.#runtime.rewind(location.slot, sequence.length);
    } catch (error) {
      this.#fail(sequence, error);
    }
  }

  /**
   * Reads prompts in turn: after a chunk, a sequence moves to the end of the queue. Returns whether
   * any was read.
   */
  async #prefill(rows: number): Promise<boolean> {
    let hasRead = false;
    let left = rows > 0 ? Math.min(this.#pace.sharedTokens, TURN_TOKENS_MAX) : TURN_TOKENS_MAX;
    // A sequence that moves to the end of the queue has had its turn, so the order is fixed here.
    const line = [...this.#sequences];
    for (const sequence of line) {
      if (!hasSlot(sequence) || this.#dropAborted(sequence)) continue;
      let tokens = this.#chunkTokens(sequence);
      // However short the turn is, one chunk is read.
      while (tokens > 0 && (!hasRead || tokens <= left)) {
        await this.#readChunk(sequence, tokens);
        hasRead = true;
        // If no answer shares the turn, end it after each chunk so that new sequences can join
        // sooner.
        left = rows > 0 ? left - tokens : 0;
        tokens = this.#dropAborted(sequence) ? 0 : this.#chunkTokens(sequence);
      }
      if (left <= 0) break;
    }
    return hasRead;
  }

  /** 0 if the sequence has no slot, or its prompt is read. */
  #chunkTokens({ location, length, promptLength }: Sequence): number {
    if (!location || length >= promptLength) return 0;
    return chunkTokens(length, promptLength, (start) => this.#runtime.chunkDistance(start));
  }

  async #readChunk(sequence: SlottedSequence, tokens: number): Promise<void> {
    const { ids, length, location } = sequence;
    const chunk = ids.slice(length, length + tokens);
    const startedAt = performance.now();
    try {
      const logits = await this.#serve([sequence], () =>
        this.#runtime.prefillChunk(location.slot, chunk, length),
      );
      this.#pace.read(tokens, performance.now() - startedAt);
      sequence.length += tokens;
      sequence.readLength = sequence.length;
      if (sequence.length < ids.length) {
        this.#sequences.delete(sequence);
        this.#sequences.add(sequence);
        return;
      }
      this.#take(sequence, logits);
    } catch (error) {
      this.#fail(sequence, error);
    }
  }

  /** Records which sequences a run serves, for aborts that arrive during the run. */
  async #serve<Result>(
    sequences: readonly Sequence[],
    run: () => Promise<Result>,
  ): Promise<Result> {
    this.#served = sequences;
    try {
      return await run();
    } finally {
      this.#served = [];
    }
  }

  #take(sequence: SlottedSequence, logits: Float32Array): void {
    if (this.#dropAborted(sequence)) return;
    const { generation, onOutput, resolve, startedAt, ids, location, drafts } = sequence;
    if (!generation.isReady) {
      // The runtime overwrites these logits with its next run.
      sequence.held = { logits: logits.slice(), since: performance.now() };
      return;
    }
    sequence.firstTokenAt ??= performance.now();
    try {
      const chunk = generation.take(logits);
      if (chunk.text !== '' || chunk.logprobs) onOutput(chunk);
    } catch (error) {
      this.#fail(sequence, error);
      return;
    }
    if (!generation.finishReason) {
      ids.push(generation.nextId);
      if (ids.length > location.allocator.slotClass.tokens) this.#leaveSlot(sequence);
      return;
    }
    this.#leave(sequence);
    resolve({
      finishReason: generation.finishReason,
      promptTokens: generation.promptIds.length,
      cachedTokens: sequence.cachedTokens ?? 0,
      completionTokens: generation.tokens,
      prefillMs: sequence.firstTokenAt - startedAt,
      decodeMs: performance.now() - sequence.firstTokenAt,
      ...(sequence.maskWaitMs > 0 && { maskWaitMs: sequence.maskWaitMs }),
      ...(drafts.tokens > 0 && {
        drafts: { tokens: drafts.tokens, accepted: drafts.accepted },
      }),
    });
  }

  /** Moves the topmost answer down once the gaps below it have cost more than moving it does. */
  #closeGaps(allocator: SlotAllocator, running: readonly SlottedSequence[]): void {
    // A single row runs without its neighbours.
    if (running.length === 1) return;
    const slots = running.map(({ location }) => location.slot);
    const top = Math.max(...slots);
    const gaps = top - Math.min(...slots) + 1 - slots.length;
    this.#idleRows = gaps === 0 ? 0 : this.#idleRows + gaps;
    if (this.#idleRows < IDLE_ROWS_MAX || !this.#runtime.canCopy) return;

    this.#idleRows = 0;
    const below = allocator.freeBelow(top);
    const sequence = running.find(({ location }) => location.slot === top);
    if (below === undefined || !sequence) return;
    allocator.move(top, below);
    sequence.location.slot = below;
  }

  #dropAborted(sequence: Sequence): boolean {
    if (sequence.signal.aborted) this.#fail(sequence, sequence.signal.reason);
    return sequence.signal.aborted;
  }

  #fail(sequence: Sequence, reason: unknown): void {
    this.#leave(sequence);
    sequence.reject(sequence.signal.aborted ? sequence.signal.reason : reason);
  }

  #leave(sequence: Sequence): void {
    // A failed step may name a sequence that has already left, and its slot may belong to another
    // by now.
    if (this.#sequences.delete(sequence)) this.#leaveSlot(sequence);
  }

  #leaveSlot(sequence: Sequence): void {
    const { location } = sequence;
    location?.allocator.give(location.slot);
    sequence.location = undefined;
    sequence.length = 0;
    sequence.readLength = 0;
    sequence.promptLength = 0;
  }
}

function hasSlot(sequence: Sequence): sequence is SlottedSequence {
  return sequence.location !== undefined;
}
