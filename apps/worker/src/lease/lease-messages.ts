import type { LogLevel } from '@runfleet/service';

export type LeaseTiming = {
  checkEveryMs: number;
  lateMs: number;
  stallMsMax: number;
  /** How long to wait for Postgres at startup. */
  waitMs: number;
};

export type LeaseThreadInput = {
  databaseUrl: string;
  workerId: string;
  level: LogLevel;
  timing: LeaseTiming;
  board: SharedArrayBuffer;
};

/**
 * The thread's messages: `started` once, `kept` after each kept lease, `given up` once per stall.
 */
export type LeaseNotice = 'started' | 'kept' | 'given up';
