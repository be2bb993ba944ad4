/** What the dashboard's own routes answer; the compatible API's shapes are the client's. */
import type { TaskStatus } from '@runfleet/protocol';
import type { IdleReason } from '@runfleet/scheduler';

export type Me = {
  user: { id: string; email: string; name: string; isOperator: boolean };
  /** Null for people who belong to none yet. */
  organisation: { id: string; name: string } | null;
  projects: readonly { id: string; name: string; authType: string; keyHint: string }[];
  account: { balance: string; held: string; activeTasks: number } | null;
  socketUrl: string;
  /** By `owner/name`: the folders of the weights that are ready to answer. */
  served: Readonly<Record<string, readonly string[]>>;
};

/** Moments are microseconds since 1970 by the database's clock, as decimal texts. A day is UTC's. */
export type Fleet = {
  now: string;
  queued: readonly { pool: string; count: number; oldestQueuedAt: string | null }[];
  workers: readonly FleetWorker[];
  running: readonly RunningTask[];
  /** By pool, what its leader saw a moment ago; none where nobody leads. */
  standings: Readonly<Record<string, PoolStanding>>;
  spentTodayUsd: string;
  finishedToday: number;
  failedToday: number;
};

export type PoolStanding = {
  /** How many workers with a free slot have nothing to do in the pool, by reason. */
  idle: Readonly<Partial<Record<IdleReason, number>>>;
  /** The same by worker's id, for some of them. */
  workers: Readonly<Record<string, IdleReason>>;
};

export type FleetWorker = {
  id: string;
  host: string;
  pools: readonly string[];
  labels: readonly string[];
  /** Models in its memory, by pool. */
  loaded: Readonly<Record<string, { bytes: number }>>;
  /** Null where nobody measured it. */
  memoryBytes: number | null;
  /** Failures in a row that were its own. */
  strikes: number;
  /** Seconds until its quarantine ends; null where it is in none. */
  quarantinePulses: number | null;
  state: string;
  slots: number;
  used: number;
  renewedAt: string;
  startedAt: string;
  device: { engine: string; model: string; provider: string; device: string; version: string };
};

/** Who has what of the fleet. */
export type FleetTenants = { windowSeconds: number; tenants: readonly FleetTenant[] };

export type FleetTenant = {
  id: string;
  name: string;
  weight: number;
  /** Null where there is none. */
  runningLimit: number | null;
  projects: readonly { id: string; name: string; overflow: 'reject' | 'queue' }[];
  /** Of the window. */
  slotSeconds: number;
  running: number;
  /** Null while the queue cannot be asked. */
  waiting: number | null;
};

type RunningTask = {
  id: string;
  organisationId: string;
  modelId: string;
  status: TaskStatus;
  epoch: number;
  workerId: string;
  queuedAt: string;
  acceptedAt: string | null;
  outputTokens: number;
};
