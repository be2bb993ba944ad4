import type { CpuShares } from '../figures.ts';
import { cpuMicros, machineCpuMicros } from './cpu-time.ts';
import type { Servers } from './servers.ts';
import type { SystemProcess } from './system-process.ts';

/** The share that nobody here has asked for: other programs of the machine, and the kernel's own. */
export const FOREIGN = 'anything else on the machine';

/** Reads CPU time of every process that a measurement makes work, from now on. */
export function startCpuMeter(
  servers: Servers,
  processes: readonly SystemProcess[],
): (operations: number) => CpuShares {
  const read = (): Record<string, number> => {
    const machine = machineCpuMicros();
    const known = {
      ...Object.fromEntries(
        processes.map(({ name, pid }) => [name, cpuMicros(pid, { withChildren: false })]),
      ),
      redis: cpuMicros(servers.redisPid, { withChildren: false }),
      postgres: cpuMicros(servers.postgresPid, { withChildren: true }),
      'load generator': cpuMicros(process.pid, { withChildren: false }),
    };
    const sum = Object.values(known).reduce((total, micros) => total + micros, 0);
    return { ...known, [FOREIGN]: machine - sum };
  };
  const before = read();
  return (operations) =>
    Object.fromEntries(
      Object.entries(read()).map(([name, micros]) => [
        name,
        // The machine's clock and those of processes tick apart: a share of nothing may read below 0.
        Math.max(0, micros - (before[name] ?? 0)) / operations,
      ]),
    );
}
