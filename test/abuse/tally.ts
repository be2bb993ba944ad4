/** Counts answers by name. */
export class Tally {
  readonly answers: Record<string, number> = {};

  count(name: string, times = 1): void {
    this.answers[name] = (this.answers[name] ?? 0) + times;
  }

  of(name: string): number {
    return this.answers[name] ?? 0;
  }
}

/** Runs `work` for 0 to `count` - 1, `atOnce` in parallel. */
export async function sideBySide(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane));
}
