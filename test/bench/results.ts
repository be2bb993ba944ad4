import type { OwnStatistics, Round } from './bench-statistics.ts';
import type { Machine } from './machine.ts';
import type { Plan } from './plan.ts';
import type { SystemName } from './systems/system.ts';

/** All results of a benchmark run, as `--json` writes them. */
export type Results = {
  startedAt: string;
  tookSeconds: number;
  machine: Machine;
  versions: { postgres: string; redis: string };
  durability: string;
  plan: Plan;
  /** By round; null if a round failed or was skipped. */
  systems: Partial<Record<SystemName, { label: string; rounds: (Round | null)[] }>>;
  own: OwnStatistics[];
  /** Measurements that failed, with the reason. */
  problems: string[];
};
