import { cpus } from 'node:os';

import type { CpuShares } from '../bench-statistics.ts';
import { cpuMicros, machineCpuMicros } from './cpu-time.ts';
import type { Servers } from './servers.ts';
import type { SystemProcess } from './system-process.ts';

const MICROS_PER_MS = 1_000;

/** CPU time of other programs and of the kernel. */
export const FOREIGN = 'other programs on the machine';

/** Meters the CPU time of every process that takes part in a measurement. */
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
        // The machine's counter and those of processes tick separately, so a difference may be below 0.
        Math.max(0, micros - (before[name] ?? 0)) / operations,
      ]),
    );
}

/** Meters the share of the machine, in %, that other programs use. Start it before the system's processes. */
export function startForeignMeter(
  servers: Servers,
): (processes: readonly SystemProcess[]) => number {
  const readOwn = () =>
    cpuMicros(servers.redisPid, { withChildren: false }) +
    cpuMicros(servers.postgresPid, { withChildren: true }) +
    cpuMicros(process.pid, { withChildren: false });
  const [machine, own, since] = [machineCpuMicros(), readOwn(), performance.now()];
  return (processes) => {
    const systems = processes.reduce(
      (sum, { pid }) => sum + cpuMicros(pid, { withChildren: false }),
      readOwn() - own,
    );
    const available = (performance.now() - since) * MICROS_PER_MS * cpus().length;
    return (Math.max(0, machineCpuMicros() - machine - systems) / available) * 100;
  };
}
