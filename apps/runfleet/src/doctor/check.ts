import type { DoctorSettings } from './doctor-settings.ts';

/**
 * The result of a check, in one line. `problem`: Runfleet does not work or may lose work. `skipped`:
 * the check could not run or does not apply here. `next` is the recommended action.
 */
export type Finding = {
  status: 'ok' | 'problem' | 'skipped';
  found: string;
  next?: string;
};

/** A check stops when `signal` aborts; `now` is this machine's clock, in milliseconds since 1970. */
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

/** The first line of an error's message, without the credentials of a URL. */
export function reasonOf(error: unknown): string {
  const { message, code } = Object(error) as { message?: unknown; code?: unknown };
  const text = typeof message === 'string' && message !== '' ? message : String(code ?? error);
  const [line = ''] = text.split('\n', 1);
  return line.replace(/\/\/[^@/\s]*@/g, '//').slice(0, 300);
}
