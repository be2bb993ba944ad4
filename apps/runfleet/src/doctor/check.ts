import type { DoctorSettings } from './doctor-settings.ts';

/**
 * What a check found, in one line. `problem` is what keeps Runfleet from working or makes it lose
 * work; `skipped` is what could not be looked at, or has no meaning here. `next` says what to do.
 */
export type Finding = {
  status: 'ok' | 'problem' | 'skipped';
  found: string;
  next?: string;
};

/** Whoever checks gives up when `signal` says so; `now` is this machine's clock, in milliseconds since 1970. */
export type CheckContext = {
  settings: DoctorSettings;
  signal: AbortSignal;
  now: () => number;
};

export type Check = (ctx: CheckContext) => Promise<Finding>;

export const ok = (found: string, next?: string): Finding => finding('ok', found, next);
export const problem = (found: string, next: string): Finding => finding('problem', found, next);
export const skipped = (found: string, next?: string): Finding => finding('skipped', found, next);

function finding(status: Finding['status'], found: string, next?: string): Finding {
  return next === undefined ? { status, found } : { status, found, next };
}

/** The first line of why something failed, without secrets of a URL. */
export function reasonOf(error: unknown): string {
  const { message, code } = Object(error) as { message?: unknown; code?: unknown };
  const text = typeof message === 'string' && message !== '' ? message : String(code ?? error);
  const [line = ''] = text.split('\n', 1);
  return line.replace(/\/\/[^@/\s]*@/g, '//').slice(0, 300);
}
