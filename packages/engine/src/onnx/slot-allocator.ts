import type { Runtime, SlotClass } from '../runtime/runtime.ts';
import { CHUNK_TOKENS_MIN, reusableTokens } from './chunk-tokens.ts';

/**
 * What a slot's cache holds: the first `length` of `ids`. A running sequence keeps adding to it.
 */
export type SlotContent = {
  readonly ids: readonly number[];
  readonly length: number;
  /**
   * The tokens among them that were read in chunks. The tokens of an answer follow, one run each.
   */
  readonly readLength: number;
  /** The tokens that are read in chunks before the answer continues. */
  readonly promptLength: number;
  /** The scope it belongs to. */
  readonly cacheScope: string | undefined;
};

type Wanted = Pick<SlotContent, 'ids' | 'cacheScope'>;
type SlotMemory = Pick<Runtime, 'rewind' | 'copy' | 'canCopy' | 'chunkDistance'>;

type Slot = { slot: number; content: SlotContent; isFree: boolean; freedAt: number };

/** A shorter common start costs less to read again than to manage. */
const PREFIX_TOKENS_MIN = 16;
const NOTHING: SlotContent = {
  ids: [],
  length: 0,
  readLength: 0,
  promptLength: 0,
  cacheScope: undefined,
};

/**
 * The slots of one class and their contents. A slot keeps its contents until it is needed: a prompt
 * that begins the same way, such as the next turn of a conversation or one with the same system
 * prompt, is not read again that far. Scopes never share contents.
 *
 * Only whole chunks that the new prompt would read in the same way are reused. A run of one token
 * rounds differently than a chunk (0.02 of a logit with int8 activations), so an answer's tokens,
 * reused as a prompt's, would let the next answer depend on what ran before it.
 */
export class SlotAllocator {
  readonly slotClass: SlotClass;
  readonly #runtime: SlotMemory;
  readonly #slots: Slot[];
  #freed = 0;

  constructor(slotClass: SlotClass, runtime: SlotMemory) {
    this.slotClass = slotClass;
    this.#runtime = runtime;
    this.#slots = Array.from({ length: slotClass.count }, (_, index) => ({
      slot: slotClass.first + index,
      content: NOTHING,
      isFree: true,
      freedAt: 0,
    }));
  }

  /** A free slot, and how many of `wanted.ids` it already holds; undefined if none is free. */
  take(wanted: Wanted): { slot: number; length: number } | undefined {
    const free = this.#slots.filter(({ isFree }) => isFree);
    if (free.length === 0) return undefined;

    const [kept, keptLength] = this.#longestPrefix(free, wanted);
    const [source, sourceLength] = this.#longestPrefix(this.#slots, wanted);
    const target = keptLength >= PREFIX_TOKENS_MIN && kept ? kept : leastWanted(free);
    const targetLength = target === kept ? keptLength : 0;
    target.isFree = false;

    const isWorthCopying = sourceLength >= targetLength + PREFIX_TOKENS_MIN;
    if (source && isWorthCopying && this.#runtime.canCopy) {
      this.#runtime.copy(source.slot, target.slot, sourceLength);
      return { slot: target.slot, length: sourceLength };
    }
    this.#runtime.rewind(target.slot, targetLength);
    return { slot: target.slot, length: targetLength };
  }

  /** Records the sequence that grows in a slot, so that others may copy its start. */
  fill(slot: number, content: SlotContent): void {
    this.#at(slot).content = content;
  }

  give(slot: number): void {
    const given = this.#at(slot);
    const { ids, readLength, promptLength, cacheScope } = given.content;
    given.content = {
      ids: ids.slice(0, readLength),
      length: readLength,
      readLength,
      promptLength,
      cacheScope,
    };
    given.isFree = true;
    this.#freed += 1;
    given.freedAt = this.#freed;
  }

  /** The lowest free slot below `slot`. */
  freeBelow(slot: number): number | undefined {
    return this.#slots.find((other) => other.isFree && other.slot < slot)?.slot;
  }

  /** Moves a running sequence from its slot to a free one. */
  move(from: number, to: number): void {
    const { content } = this.#at(from);
    this.#runtime.copy(from, to, content.length);
    this.give(from);
    const target = this.#at(to);
    target.content = content;
    target.isFree = false;
  }

  /** Never all of `ids`: the logits of the last token need a run, and one token is not a chunk. */
  #longestPrefix(
    slots: readonly Slot[],
    { ids, cacheScope }: Wanted,
  ): [slot: Slot | undefined, length: number] {
    let best: Slot | undefined;
    let longest = 0;
    for (const slot of slots) {
      const { content } = slot;
      if (content.cacheScope !== cacheScope) continue;
      const end = Math.min(content.readLength, ids.length - CHUNK_TOKENS_MIN);
      let common = 0;
      while (common < end && content.ids[common] === ids[common]) common += 1;
      if (common <= longest) continue;
      const length = reusableTokens(common, content.promptLength, (start) =>
        this.#runtime.chunkDistance(start),
      );
      if (length > longest) [best, longest] = [slot, length];
    }
    return [best, longest];
  }

  #at(slot: number): Slot {
    const found = this.#slots[slot - this.slotClass.first];
    if (!found) throw new RangeError(`Slot ${slot} does not belong to this class.`);
    return found;
  }
}

/** An empty slot, or else the one that was given back first. */
function leastWanted(free: readonly Slot[]): Slot {
  return free.reduce((least, slot) => (slot.freedAt < least.freedAt ? slot : least));
}
