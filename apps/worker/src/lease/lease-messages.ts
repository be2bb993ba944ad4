import type { LogLevel } from '@runfleet/service';

export type LeaseTiming = {
  lookEveryMs: number;
  lateMs: number;
  stallMsMax: number;
  /** How long to wait for Postgres at the start. */
  waitMs: number;
};

export type LeaseThreadInput = {
  databaseUrl: string;
  workerId: string;
  level: LogLevel;
  timing: LeaseTiming;
  board: SharedArrayBuffer;
};

/** What the thread tells: `kept` at each time, `given up` once per stall. */
export type LeaseNotice = 'looking' | 'kept' | 'given up';
