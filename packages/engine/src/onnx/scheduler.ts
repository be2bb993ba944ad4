import { setImmediate } from 'node:timers/promises';

import type { GenerateResult, OutputChunk } from '../engine.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { Slots } from '../slots.ts';
import { chunkTokens } from './chunk-tokens.ts';
import type { Generation } from './generation.ts';
import { PrefillPace } from './prefill-pace.ts';
import { lookUpNext } from './prompt-lookup.ts';
import { SlotPool } from './slot-pool.ts';

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
  /** Undefined while it waits for a slot of its class. */
  place: { pool: SlotPool; slot: number } | undefined;
  /** How many of `ids` its slot's cache holds. */
  length: number;
  /** How many of those were read in chunks. */
  readLength: number;
  /** The logits after the last token, while the grammar's mask for them is not ready, and since when. */
  held: { logits: Float32Array; since: number } | undefined;
  maskWaitMs: number;
  /** Tokens guessed ahead, those of them that were right, and those of the last draft. */
  readonly drafts: { tokens: number; accepted: number; acceptedLast: number };
};

type Placed = Sequence & { place: NonNullable<Sequence['place']> };

/** So many rows run along idly before the topmost sequence is moved into the gap below it. */
const IDLE_ROWS_MAX = 32;
/** A draft is so much longer than what was right of the one before: a wrong token costs a row of a run. */
const DRAFT_TOKENS_MORE = 2;

/**
 * Runs many answers on one runtime. Each turn takes one token for every answer under way, in one run
 * per slot class, then reads on in the prompts, one after the other, as far as the turn's pace lets
 * it: a long prompt delays neither the answers nor the prompts beside it by more than its share.
 *
 * An answer under a grammar whose mask is not ready misses steps until it is; the others go on.
 *
 * A sequence that outgrows the short slots is read again from its start in a long one, whose LongRoPE
 * table differs. An answer that is alone may be written several tokens in a run, where it repeats what
 * stands before it; what it says is drawn as ever. An abort frees its slot with the run under way,
 * which is ended where it serves nobody else. What fails fails alone: a run of several rows that fails is repeated row by row.
 */
export class Scheduler {
  readonly #runtime: Runtime;
  readonly #admission: Slots;
  readonly #pools: readonly SlotPool[];
  readonly #onTurnEnd: () => void;
  readonly #promptLookupTokens: number;
  /** In the order in which prompts are read. */
  readonly #sequences = new Set<Sequence>();
  readonly #pace = new PrefillPace();
  #isTurning = false;
  /** Ends the wait of a turn in which there was nothing to run. */
  #wake: () => void = () => {};
  /** Whom the run under way serves. */
  #served: readonly Sequence[] = [];
  #idleRows = 0;

  /**
   * `onTurnEnd` is called after each turn, for whoever collects the output of a turn;
   * `promptLookupTokens` is the longest draft; without it there are none.
   */
  constructor(
    runtime: Runtime,
    options: { onTurnEnd: () => void; promptLookupTokens?: number | undefined },
  ) {
    this.#runtime = runtime;
    this.#promptLookupTokens = options.promptLookupTokens ?? 0;
    this.#pools = runtime.slotClasses.flatMap((slotClass) =>
      slotClass ? [new SlotPool(slotClass, runtime)] : [],
    );
    // Long slots come on top: who moves into one leaves a short one to somebody else.
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
    const most = Math.max(...this.#pools.map(({ slotClass }) => slotClass.tokens));
    if (promptIds.length > most) {
      throw new RangeError(`${promptIds.length} tokens fit no slot; the longest holds ${most}.`);
    }
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
          place: undefined,
          length: 0,
          readLength: 0,
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

  async #turn(): Promise<void> {
    if (this.#isTurning) return;
    this.#isTurning = true;
    while (this.#sequences.size > 0) {
      this.#admit();
      this.#takeHeld();
      let rows = 0;
      for (const pool of this.#pools) rows += await this.#decode(pool);
      const hasRead = await this.#prefill(rows);
      this.#onTurnEnd();
      if (rows > 0 || hasRead) await setImmediate();
      else await this.#rest();
    }
    this.#isTurning = false;
  }

  /** Where all wait for their masks, until one is ready, or somebody comes or goes. */
  async #rest(): Promise<void> {
    const held = [...this.#sequences].filter((sequence) => sequence.held);
    if (held.some(({ generation, signal }) => generation.isReady || signal.aborted)) return;
    if (held.length === 0) await setImmediate();
    else await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  /** Those whose masks have come join the next step; the others miss it, and nobody waits for them. */
  #takeHeld(): void {
    for (const sequence of this.#sequences) {
      const { held } = sequence;
      if (!held || !isPlaced(sequence) || !sequence.generation.isReady) continue;
      sequence.held = undefined;
      sequence.maskWaitMs += performance.now() - held.since;
      this.#take(sequence, held.logits);
    }
  }

  /** Gives a slot to everybody for whom there is one, first come first served. */
  #admit(): void {
    for (const sequence of this.#sequences) {
      if (this.#dropAborted(sequence) || sequence.place) continue;
      const pool = this.#pools.find(({ slotClass }) => sequence.ids.length <= slotClass.tokens);
      const taken = pool?.take(sequence);
      if (!pool || !taken) continue;
      sequence.place = { pool, slot: taken.slot };
      sequence.length = taken.length;
      sequence.readLength = taken.length;
      pool.fill(taken.slot, sequence);
    }
  }

  /** One step of all answers in the pool's slots; how many those are. */
  async #decode(pool: SlotPool): Promise<number> {
    const running = [...this.#sequences].filter(
      (sequence): sequence is Placed =>
        sequence.place?.pool === pool &&
        sequence.length === sequence.ids.length - 1 &&
        !this.#dropAborted(sequence),
    );
    if (running.length === 0) return 0;

    this.#closeGaps(pool, running);
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

  /** False where the run failed; a single row then fails with it. */
  async #step(running: readonly Placed[]): Promise<boolean> {
    const rows = running.map(({ place, ids, length }) => ({
      slot: place.slot,
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

  /** What the only sequence may say next; undefined where there are others, or nothing to guess by. */
  #draft([only]: readonly Placed[]): [Placed, readonly number[]] | undefined {
    if (!only || this.#sequences.size > 1 || this.#promptLookupTokens === 0) return undefined;
    // Each token of a draft would wait for the mask that the one before it asks for.
    if (only.generation.hasGrammar) return undefined;
    const { ids, length, drafts, place } = only;
    // The newest token runs with the draft.
    const room = Math.min(
      place.pool.slotClass.tokens - ids.length,
      this.#runtime.chunkTokensMax(length) - 1,
    );
    const most = Math.min(this.#promptLookupTokens, drafts.acceptedLast + DRAFT_TOKENS_MORE, room);
    const draft = lookUpNext(ids, Math.max(0, most));
    return draft.length > 0 ? [only, draft] : undefined;
  }

  /** One run of the newest token and the draft behind it, of which stays what the answer would say. */
  async #stepAhead(sequence: Placed, draft: readonly number[]): Promise<void> {
    const { place, ids, length, drafts } = sequence;
    const newest = ids.slice(length);
    drafts.tokens += draft.length;
    drafts.acceptedLast = 0;
    try {
      const logits = await this.#serve([sequence], () =>
        this.#runtime.verify(place.slot, [...newest, ...draft], length),
      );
      for (const [at, row] of logits.entries()) {
        sequence.length += 1;
        this.#take(sequence, row);
        // It ended, or goes on in another slot.
        if (sequence.place !== place) return;
        if (ids.at(-1) !== draft[at]) break;
        drafts.accepted += 1;
        drafts.acceptedLast += 1;
      }
      this.#runtime.rewind(place.slot, sequence.length);
    } catch (error) {
      this.#fail(sequence, error);
    }
  }

  /** Reads prompts in turn: the one that had a chunk goes to the end of the line. Whether any was read. */
  async #prefill(rows: number): Promise<boolean> {
    let hasRead = false;
    let left = rows > 0 ? this.#pace.sharedTokens : Number.POSITIVE_INFINITY;
    // Those that go to the end of the line have had their turn.
    const line = [...this.#sequences];
    for (const sequence of line) {
      if (!isPlaced(sequence) || this.#dropAborted(sequence)) continue;
      const missing = sequence.ids.length - sequence.length;
      const isAnswer = sequence.firstTokenAt !== undefined && missing === 1;
      if (isAnswer || missing === 0) continue;

      const most = Math.min(this.#runtime.chunkTokensMax(sequence.length), left);
      const tokens = chunkTokens(missing, most);
      if (tokens === 0) return hasRead;
      await this.#readChunk(sequence, tokens);
      hasRead = true;
      // Without answers to share the turn with, others join sooner if every chunk ends it.
      left = rows > 0 ? left - tokens : 0;
    }
    return hasRead;
  }

  async #readChunk(sequence: Placed, tokens: number): Promise<void> {
    const { ids, length, place } = sequence;
    const chunk = ids.slice(length, length + tokens);
    const startedAt = performance.now();
    try {
      const logits = await this.#serve([sequence], () =>
        this.#runtime.prefillChunk(place.slot, chunk, length),
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

  /** Lets aborts that come during the run know whom it serves. */
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

  #take(sequence: Placed, logits: Float32Array): void {
    if (this.#dropAborted(sequence)) return;
    const { generation, onOutput, resolve, startedAt, ids, place, drafts } = sequence;
    if (!generation.isReady) {
      // The runtime writes its next logits where these are.
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
      if (ids.length > place.pool.slotClass.tokens) this.#leaveSlot(sequence);
      return;
    }
    this.#leave(sequence);
    resolve({
      finishReason: generation.finishReason,
      promptTokens: generation.promptIds.length,
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
  #closeGaps(pool: SlotPool, running: readonly Placed[]): void {
    // One row alone runs without its neighbours.
    if (running.length === 1) return;
    const slots = running.map(({ place }) => place.slot);
    const top = Math.max(...slots);
    const gaps = top - Math.min(...slots) + 1 - slots.length;
    this.#idleRows = gaps === 0 ? 0 : this.#idleRows + gaps;
    if (this.#idleRows < IDLE_ROWS_MAX || !this.#runtime.canCopy) return;

    this.#idleRows = 0;
    const below = pool.freeBelow(top);
    const sequence = running.find(({ place }) => place.slot === top);
    if (below === undefined || !sequence) return;
    pool.move(top, below);
    sequence.place.slot = below;
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
    // One failed step may name a sequence that has already left; its slot may be another's by now.
    if (this.#sequences.delete(sequence)) this.#leaveSlot(sequence);
  }

  #leaveSlot(sequence: Sequence): void {
    const { place } = sequence;
    place?.pool.give(place.slot);
    sequence.place = undefined;
    sequence.length = 0;
    sequence.readLength = 0;
  }
}

function isPlaced(sequence: Sequence): sequence is Placed {
  return sequence.place !== undefined;
}
