import { readFileSync, readlinkSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Reads PostgreSQL's pid file: the first line is the pid, the eighth the state. */
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

/** Whether the server of that pid accepts connections; `pg_ctl --wait` checks the same way. */
export async function isPostmasterReady(cluster: string, pid: number): Promise<boolean> {
  const found = await readPostmasterFile(cluster);
  return found?.pid === pid && found.status === 'ready';
}

/**
 * Removes the pid file of a server that has died. PostgreSQL does that itself unless another program
 * has the pid now, which is common in containers.
 */
export async function removeStalePostmasterFile(cluster: string): Promise<void> {
  const found = await readPostmasterFile(cluster);
  if (!found || servesCluster(found.pid, cluster)) return;
  await rm(join(cluster, 'postmaster.pid'), { force: true });
}

function servesCluster(pid: number, cluster: string): boolean {
  if (process.platform !== 'linux') return isRunning(pid);
  try {
    // A postmaster's working directory is its data folder; only root and its own user can read it.
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
