import { readdirSync, readFileSync } from 'node:fs';

// Linux counts in ticks of 10 ms.
const MICROS_PER_TICK = 10_000;

type Stat = { parent: number; ownTicks: number; reapedTicks: number };

/** CPU time of a process so far in microseconds, with its running and ended children if requested. */
export function cpuMicros(pid: number, options: { withChildren: boolean }): number {
  const stat = readStat(pid);
  if (!stat) throw new Error(`Process ${pid} exited during the benchmark.`);
  if (!options.withChildren) return stat.ownTicks * MICROS_PER_TICK;

  let ticks = stat.ownTicks + stat.reapedTicks;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const other = readStat(Number(name));
    if (other?.parent === pid) ticks += other.ownTicks + other.reapedTicks;
  }
  return ticks * MICROS_PER_TICK;
}

/** Total CPU time of the machine's cores, in microseconds. */
export function machineCpuMicros(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softIrq) * MICROS_PER_TICK;
}

export function parentOf(pid: number): number {
  const stat = readStat(pid);
  if (!stat) throw new Error(`There is no process ${pid} on this machine.`);
  return stat.parent;
}

/** Null if the process has ended. */
function readStat(pid: number): Stat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The second field is a name in brackets, which may contain any character.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [, parent = 0] = fields;
  const [userTicks = 0, systemTicks = 0, reapedUserTicks = 0, reapedSystemTicks = 0] = fields.slice(
    11,
    15,
  );
  return {
    parent,
    ownTicks: userTicks + systemTicks,
    reapedTicks: reapedUserTicks + reapedSystemTicks,
  };
}
