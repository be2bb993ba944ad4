/** Measured by scripts/runfleet.mjs before this process: when it began, and how long installing took. */
const BEGAN_AT = 'RUNFLEET_BEGAN_AT_MS';
const PACKAGES_TOOK = 'RUNFLEET_PACKAGES_MS';

export type StartTimes = { beganAt: number; packagesMs: number | null; codeMs: number };

/** Times in ms; `beganAt` since 1970. Call it when the code is loaded. */
export function readStartTimes(
  env: Readonly<Record<string, string | undefined>>,
  now: { timeOrigin: number; sinceMs: number },
): StartTimes {
  const packagesMs = Number.parseFloat(env[PACKAGES_TOOK] ?? '');
  const beganAt = Number.parseFloat(env[BEGAN_AT] ?? '');
  return {
    beganAt: Number.isFinite(beganAt) ? beganAt : now.timeOrigin,
    packagesMs: Number.isFinite(packagesMs) ? packagesMs : null,
    codeMs: now.sinceMs,
  };
}

/** One line: how long a start took, and on what. `stepMs` returns the duration of a step. */
export function describeStart(
  times: StartTimes,
  stepMs: (label: string) => number | null,
  at: number,
): string {
  const servers = Math.max(stepMs('Postgres') ?? 0, stepMs('Redis') ?? 0);
  const parts: [string, number | null][] = [
    ['packages', times.packagesMs],
    ['code', times.codeMs],
    ['servers', servers],
    ['model', stepMs('Demo model')],
    ['dashboard', stepMs('Dashboard')],
    ['schema', stepMs('Schema')],
    ['roles', stepMs('Roles')],
  ];
  const listed = parts.flatMap(([name, ms]) => (ms === null ? [] : [`${name} ${secondsOf(ms)}`]));
  return `Ready in ${secondsOf(at - times.beganAt)} s: ${listed.join(', ')} (servers, model and dashboard in parallel)`;
}

/** Formats milliseconds as seconds: "1.2". */
export function secondsOf(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
