import type { CpuShares } from '../figures.ts';
import { cpuMicros } from './cpu-time.ts';
import type { Servers } from './servers.ts';
import type { SystemProcess } from './system-process.ts';

/** Reads CPU time of every process that a measurement makes work, from now on. */
export function startCpuMeter(
  servers: Servers,
  processes: readonly SystemProcess[],
): (operations: number) => CpuShares {
  const read = (): Record<string, number> => ({
    ...Object.fromEntries(
      processes.map(({ name, pid }) => [name, cpuMicros(pid, { withChildren: false })]),
    ),
    redis: cpuMicros(servers.redisPid, { withChildren: false }),
    postgres: cpuMicros(servers.postgresPid, { withChildren: true }),
    'load generator': cpuMicros(process.pid, { withChildren: false }),
  });
  const before = read();
  return (operations) =>
    Object.fromEntries(
      Object.entries(read()).map(([name, micros]) => [
        name,
        (micros - (before[name] ?? 0)) / operations,
      ]),
    );
}
