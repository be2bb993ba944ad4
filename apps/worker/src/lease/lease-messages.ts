import type { LogLevel } from '@runfleet/service';

export type LeaseThreadInput = {
  databaseUrl: string;
  workerId: string;
  level: LogLevel;
  timing: { lookEveryMs: number; lateMs: number; stallMsMax: number };
  board: SharedArrayBuffer;
};

/** What the thread tells: `kept` at each time, `given up` once per stall. */
export type LeaseNotice = 'looking' | 'kept' | 'given up';
