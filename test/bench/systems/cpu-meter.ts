import { cpus } from 'node:os';

import type { CpuShares } from '../figures.ts';
import { cpuMicros, machineCpuMicros } from './cpu-time.ts';
import type { Servers } from './servers.ts';
import type { SystemProcess } from './system-process.ts';

const MICROS_PER_MS = 1_000;

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

/** From now on, before the system's processes start: what share of the machine others took, in %. */
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
