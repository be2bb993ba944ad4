import { median } from '../bench/load/statistics.ts';
import type { FaultKind } from './faults.ts';
import type { InflictedFault } from './inflict-faults.ts';

/** The time in ms from the start of a fault to the next end of a task; null if no task ended afterwards. */
export type Recovery = {
  kind: FaultKind;
  faults: number;
  untilNextEnd: { median: number; max: number } | null;
};

/** `ends`: when tasks ended. All times are in ms since 1970. */
export function measureRecovery(
  faults: readonly Pick<InflictedFault, 'kind' | 'beganAt'>[],
  ends: readonly number[],
): Recovery[] {
  const sorted = ends.toSorted((a, b) => a - b);
  const kinds = [...new Set(faults.map(({ kind }) => kind))].toSorted();
  return kinds.map((kind) => {
    const ofKind = faults.filter((fault) => fault.kind === kind);
    const waits = ofKind.flatMap(({ beganAt }) => {
      const end = sorted.find((at) => at >= beganAt);
      return end === undefined ? [] : [end - beganAt];
    });
    const untilNextEnd =
      waits.length === 0 ? null : { median: median(waits), max: Math.max(...waits) };
    return { kind, faults: ofKind.length, untilNextEnd };
  });
}
