import { describe, expect, test } from 'vitest';

import { SeededRandom } from '../sampling/seeded-random.ts';
import { SlotAllocator } from './slot-allocator.ts';

const SLOTS = 4;

/** The contents of each slot's cache, as the scope that wrote each token. */
class OwnedSlots {
  readonly canCopy: boolean;
  readonly owners: string[][] = Array.from({ length: SLOTS }, () => []);

  constructor(canCopy: boolean) {
    this.canCopy = canCopy;
  }

  chunkDistance(): number {
    return 4;
  }

  ownersOf(slot: number): string[] {
    return this.owners[slot] ?? [];
  }

  rewind(slot: number, length: number): void {
    this.ownersOf(slot).length = length;
  }

  copy(from: number, to: number, length: number): void {
    this.owners[to] = this.ownersOf(from).slice(0, length);
  }
}

function open({ canCopy }: { canCopy: boolean }) {
  const runtime = new OwnedSlots(canCopy);
  const allocator = new SlotAllocator({ first: 0, count: SLOTS, tokens: 256 }, runtime);
  /** Takes a slot and reads the prompt in it; undefined if none is free. */
  const read = (ids: readonly number[], cacheScope: string) => {
    const taken = allocator.take({ ids, cacheScope });
    if (!taken) return undefined;
    const reused = runtime.ownersOf(taken.slot).slice(0, taken.length);
    runtime.owners[taken.slot] = ids.map((_, at) => reused[at] ?? cacheScope);
    const length = ids.length;
    allocator.fill(taken.slot, {
      ids,
      length,
      readLength: length,
      promptLength: length,
      cacheScope,
    });
    return { ...taken, reused };
  };
  return { allocator, read };
}

const PROMPT = Array.from({ length: 60 }, (_, at) => at);

describe.each([{ canCopy: true }, { canCopy: false }])('%o', (options) => {
  test('another scope reads the same prompt from its first token, the same scope does not', () => {
    const { allocator, read } = open(options);
    const first = read(PROMPT, 'a');
    allocator.give(first?.slot ?? 0);
    expect(read(PROMPT, 'b')).toMatchObject({ length: 0 });
    expect(read(PROMPT, 'a')).toMatchObject({ length: 56 });
  });

  test('whatever is taken, given back and moved, a sequence continues only from tokens of its own scope', () => {
    const { allocator, read } = open(options);
    const random = new SeededRandom(5n);
    const below = (limit: number) => random.nextUint32() % limit;
    const taken: number[] = [];
    let reusedTokens = 0;
    let foreignTokens = 0;
    for (let turn = 0; turn < 2_000; turn += 1) {
      const scope = `scope ${below(3)}`;
      const ids = [...PROMPT.slice(0, 20 + below(40)), 100 + below(3), 7, 7];
      const found = read(ids, scope);
      if (found) {
        reusedTokens += found.length;
        foreignTokens += found.reused.filter((owner) => owner !== scope).length;
        taken.push(found.slot);
      }
      const [slot] = taken.splice(below(Math.max(1, taken.length)), below(2));
      if (slot === undefined) continue;
      const lower = options.canCopy ? allocator.freeBelow(slot) : undefined;
      if (lower !== undefined && below(2) === 0) {
        allocator.move(slot, lower);
        taken.push(lower);
      } else {
        allocator.give(slot);
      }
    }
    expect(foreignTokens).toBe(0);
    expect(reusedTokens).toBeGreaterThan(10_000);
  });
});
