import type { FaultKind } from './faults.ts';
import type { InflictedFault } from './inflict-faults.ts';

/** How long no task ended after faults of one kind had begun, in ms; null where none ended any more. */
export type Recovery = {
  kind: FaultKind;
  faults: number;
  untilNextEnd: { median: number; max: number } | null;
};

/** `ends`: when tasks ended. All moments are in ms since 1970. */
export function measureRecovery(
  faults: readonly Pick<InflictedFault, 'kind' | 'beganAt'>[],
  ends: readonly number[],
): Recovery[] {
  const sorted = ends.toSorted((a, b) => a - b);
  const kinds = [...new Set(faults.map(({ kind }) => kind))].toSorted();
  return kinds.map((kind) => {
    const ofKind = faults.filter((fault) => fault.kind === kind);
    const waits = ofKind
      .flatMap(({ beganAt }) => {
        const end = sorted.find((at) => at >= beganAt);
        return end === undefined ? [] : [end - beganAt];
      })
      .toSorted((a, b) => a - b);
    const [median, max] = [waits[Math.floor(waits.length / 2)], waits.at(-1)];
    const isKnown = median !== undefined && max !== undefined;
    return { kind, faults: ofKind.length, untilNextEnd: isKnown ? { median, max } : null };
  });
}
