import type { Role } from '../e2e/role-process.ts';

/**
 * Faults of real processes. `hits`: where the target is drawn from. `seconds`: how long until the fault is
 * undone: a killed role is started again, a paused one resumes.
 *
 * A worker counts as lost after 15 pulses, and a broker's lease expires after 5 seconds. A process that is
 * paused for longer resumes after others have taken over.
 */
export const FAULTS = {
  'worker paused beyond its lease': { hits: 'worker', seconds: [21, 25] },
  'broker paused beyond its lead': { hits: 'broker', seconds: [6, 9] },
  'worker cut off from postgres, silently': { hits: 'worker', seconds: [8, 20] },
  'api paused': { hits: 'api', seconds: [2, 6] },
  'gateway paused': { hits: 'gateway', seconds: [2, 6] },
  'api killed': { hits: 'api', seconds: [0, 2] },
  'broker killed': { hits: 'broker', seconds: [0, 2] },
  'worker killed': { hits: 'worker', seconds: [0, 2] },
  'gateway killed': { hits: 'gateway', seconds: [0, 2] },
  'role stopped gracefully': { hits: 'any', seconds: [0, 1] },
  'redis killed, back empty': { hits: 'redis', seconds: [0, 1] },
  'redis flushed': { hits: 'redis', seconds: [0, 0] },
  'redis away': { hits: 'redis', seconds: [2, 5] },
  'redis paused': { hits: 'redis', seconds: [2, 7] },
  'postgres crashed': { hits: 'postgres', seconds: [0, 0] },
  'postgres away': { hits: 'postgres', seconds: [2, 4] },
  'role cut off from postgres': { hits: 'any', seconds: [1, 5] },
  'role cut off from redis': { hits: 'any', seconds: [1, 5] },
  'role cut off from redis, silently': { hits: 'any', seconds: [2, 8] },
  'clients of an api lose an answer': { hits: 'api', seconds: [0, 0] },
  'clients of a gateway vanish': { hits: 'gateway', seconds: [0, 1] },
} as const satisfies Record<
  string,
  { hits: Role | 'any' | 'postgres' | 'redis'; seconds: readonly [from: number, to: number] }
>;

export type FaultKind = keyof typeof FAULTS;
export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[];

/** How many processes of each role there are. */
export const ROLE_COUNTS = { api: 2, broker: 2, worker: 3, gateway: 2 } as const satisfies Record<
  Role,
  number
>;

export type MemberName = `${Role} ${number}`;
export type Target = MemberName | 'postgres' | 'redis';

export const MEMBER_NAMES: readonly MemberName[] = Object.entries(ROLE_COUNTS).flatMap(
  ([role, count]) =>
    Array.from({ length: count }, (_, index) => `${role as Role} ${index + 1}` as const),
);

/** The targets that a fault of this kind may hit. */
export function targetsOf(kind: FaultKind): readonly Target[] {
  const { hits } = FAULTS[kind];
  if (hits === 'postgres' || hits === 'redis') return [hits];
  return hits === 'any' ? MEMBER_NAMES : MEMBER_NAMES.filter((name) => name.startsWith(`${hits} `));
}
