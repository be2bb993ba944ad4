import { readFileSync, readlinkSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What PostgreSQL notes in its data folder: its pid first, and in the eighth line its state. */
async function readPostmasterFile(
  cluster: string,
): Promise<{ pid: number; status: string } | undefined> {
  try {
    const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n');
    return { pid: Number(lines[0]), status: (lines[7] ?? '').trim() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether the server of that pid takes connections; `pg_ctl --wait` asks the same way. */
export async function isPostmasterReady(cluster: string, pid: number): Promise<boolean> {
  const found = await readPostmasterFile(cluster);
  return found?.pid === pid && found.status === 'ready';
}

/**
 * Removes the note of a server that is gone. PostgreSQL does so itself unless the pid is now some
 * other program's, which is the rule rather than the exception in containers.
 */
export async function removeStalePostmasterFile(cluster: string): Promise<void> {
  const found = await readPostmasterFile(cluster);
  if (!found || servesCluster(found.pid, cluster)) return;
  await rm(join(cluster, 'postmaster.pid'), { force: true });
}

function servesCluster(pid: number, cluster: string): boolean {
  if (process.platform !== 'linux') return isRunning(pid);
  try {
    // A postmaster works in its data folder; only root and its own user may look.
    const isPostgres = readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres');
    return isPostgres && readlinkSync(`/proc/${pid}/cwd`) === cluster;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
