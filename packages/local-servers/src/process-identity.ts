import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Identifies one running process by its pid and start time, so that a later process with the same pid
 * is not mistaken for it. Undefined if no such process is running.
 */
export function processIdentity(pid: number): string | undefined {
  const started = startOf(pid);
  return started === undefined ? undefined : `${pid} ${started}`;
}

/** The pid of an identity, if that process is still running. */
export function runningPid(identity: string): number | undefined {
  const pid = Number.parseInt(identity, 10);
  return processIdentity(pid) === identity ? pid : undefined;
}

function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      // The name in brackets may contain spaces, so the fields are counted after it.
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
