import type { FaultKind } from './faults.ts';
import type { InflictedFault } from './inflict-faults.ts';
import type { Verdict } from './laws/judge.ts';

/** Of the faults of one kind, in ms from their begin; null where there was nothing to wait for. */
export type Recovery = {
  kind: FaultKind;
  faults: number;
  /** Until any task ended. */
  nextEnd: Spread | null;
  /** Until every task had ended that was queued or ran when the fault began. */
  allEnded: Spread | null;
};

export type Spread = { median: number; max: number };

export function measureRecovery(
  faults: readonly InflictedFault[],
  lives: Verdict['lives'],
): Recovery[] {
  const kinds = [...new Set(faults.map(({ kind }) => kind))];
  const ends = lives.map(({ endedAt }) => endedAt).toSorted((a, b) => a - b);
  return kinds.toSorted().map((kind) => {
    const begins = faults.filter((fault) => fault.kind === kind).map(({ beganAt }) => beganAt);
    return {
      kind,
      faults: begins.length,
      nextEnd: spread(begins, (at) => ends.find((end) => end >= at)),
      allEnded: spread(begins, (at) => lastEndOf(lives, at)),
    };
  });
}

function lastEndOf(lives: Verdict['lives'], at: number): number | undefined {
  const open = lives.filter(({ queuedAt, endedAt }) => queuedAt <= at && endedAt >= at);
  return open.reduce<number | undefined>(
    (last, { endedAt }) => Math.max(last ?? 0, endedAt),
    undefined,
  );
}

function spread(
  begins: readonly number[],
  endAfter: (at: number) => number | undefined,
): Spread | null {
  const waits = begins
    .flatMap((at) => {
      const end = endAfter(at);
      return end === undefined ? [] : [end - at];
    })
    .toSorted((a, b) => a - b);
  const [median, max] = [waits[Math.floor(waits.length / 2)], waits.at(-1)];
  return median === undefined || max === undefined ? null : { median, max };
}
