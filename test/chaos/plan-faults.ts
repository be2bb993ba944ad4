import { Random } from '../simulation/kernel/random.ts';
import { FAULT_KINDS, type FaultKind, FAULTS, type Target, targetsOf } from './faults.ts';

/** `atMs` counts from the start of the load. */
export type Fault = { kind: FaultKind; target: Target; atMs: number; forMs: number };

/** Time that a target needs to recover after its fault was undone. */
const ROLE_RECOVERY_MS = 5_000;
const SERVER_RECOVERY_MS = 2_000;

/**
 * Plans all faults from the seed. Kinds are dealt like cards, the long ones first, so that each happens
 * before any repeats; each happens at least once, even if that takes longer than `forMs`. No target is hit
 * while it still has a fault.
 */
export function planFaults(options: { seed: number; forMs: number; everyMs: number }): Fault[] {
  const { seed, forMs, everyMs } = options;
  const random = new Random(seed);
  const busyUntil = new Map<Target, number>();
  const faults: Fault[] = [];
  let deck: FaultKind[] = [];
  for (let atMs = everyMs / 2; atMs < forMs || faults.length < FAULT_KINDS.length;) {
    if (deck.length === 0) deck = deal(random);
    const isFree = (target: Target) => (busyUntil.get(target) ?? 0) <= atMs;
    const kind = deck.find((candidate) => targetsOf(candidate).some(isFree));
    if (kind) {
      deck = deck.filter((left) => left !== kind);
      const target = random.pick(targetsOf(kind).filter(isFree));
      const [from, to] = FAULTS[kind].seconds;
      const fault = {
        kind,
        target,
        atMs: Math.round(atMs),
        forMs: Math.round(1_000 * random.between(from, to)),
      };
      busyUntil.set(target, atMs + fault.forMs + recoveryMs(target));
      faults.push(fault);
    }
    atMs += everyMs * random.between(0.5, 1.5);
  }
  return faults;
}

function deal(random: Random): FaultKind[] {
  const left = FAULT_KINDS.filter((kind) => !isLong(kind));
  const shuffled: FaultKind[] = [];
  while (left.length > 0) shuffled.push(...left.splice(random.whole(0, left.length - 1), 1));
  return [...FAULT_KINDS.filter(isLong), ...shuffled];
}

const recoveryMs = (target: Target) =>
  target === 'redis' || target === 'postgres' ? SERVER_RECOVERY_MS : ROLE_RECOVERY_MS;

/** Long faults begin first, since they are undone last. */
const isLong = (kind: FaultKind) => FAULTS[kind].seconds[1] > 8;
