/** Random numbers that a test can repeat: the same seed gives the same numbers. */
export type Dice = {
  /** From 0 up to but not including 1. */
  fraction(): number;
  between(low: number, high: number): number;
  /** An exponentially distributed waiting time. */
  wait(mean: number): number;
  pick<T>(items: readonly T[]): T;
  shuffle<T>(items: readonly T[]): T[];
};

/** Mulberry32: 32 bits of state, enough for demo data. */
export function throwDice(seed: number): Dice {
  let state = seed >>> 0;
  const fraction = () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const pick = <T>(items: readonly T[]): T => {
    const item = items[Math.floor(fraction() * items.length)];
    if (item === undefined) throw new Error('There is nothing to pick from.');
    return item;
  };
  return {
    fraction,
    between: (low, high) => low + (high - low) * fraction(),
    wait: (mean) => -mean * Math.log(1 - fraction()),
    pick,
    shuffle: (items) =>
      items
        .map((item) => ({ item, at: fraction() }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ item }) => item),
  };
}
