import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Names one running process for good: its pid and when it started, so that a pid which the system
 * has handed to another process is not taken for the first. Undefined if no such process runs.
 */
export function processIdentity(pid: number): string | undefined {
  const started = startOf(pid);
  return started === undefined ? undefined : `${pid} ${started}`;
}

/** The pid in an identity, if the process that it names still runs. */
export function runningPid(identity: string): number | undefined {
  const pid = Number.parseInt(identity, 10);
  return processIdentity(pid) === identity ? pid : undefined;
}

function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      // The name in brackets may hold spaces, so the fields are counted from behind it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const isZombie = fields[0] === 'Z';
      return isZombie ? undefined : fields[19];
    } catch {
      // No such process.
      return undefined;
    }
  }
  const listed = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return listed.stdout?.trim() || undefined;
}
