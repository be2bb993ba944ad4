import type { OwnFigures, Round } from './figures.ts';
import type { Machine } from './machine.ts';
import type { Plan } from './plan.ts';
import type { SystemName } from './systems/system.ts';

/** Everything that a run of the benchmark found out, as `--json` writes it. */
export type Results = {
  startedAt: string;
  tookSeconds: number;
  machine: Machine;
  versions: { postgres: string; redis: string };
  durability: string;
  plan: Plan;
  /** By round; null where a round broke off or was left out. */
  systems: Partial<Record<SystemName, { label: string; rounds: (Round | null)[] }>>;
  own: OwnFigures[];
  /** Measurements that broke off, and why. */
  problems: string[];
};
