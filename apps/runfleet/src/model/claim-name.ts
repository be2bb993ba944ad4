import { readFile, rm, writeFile } from 'node:fs/promises';

/** Keeps a second `model add` out of the same incomplete folder; the claim of a dead process is ignored. */
export async function claimName(path: string, name: string): Promise<AsyncDisposable> {
  for (let tries = 0; tries < 2; tries += 1) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const owner = Number(await readFile(path, 'utf8').catch(() => ''));
    // In a container, a restarted process gets the pid of the one before it.
    if (owner !== process.pid && isAlive(owner)) {
      throw new Error(
        `${name} is being added by process ${owner}. Wait for it, or choose another name with --name.`,
      );
    }
    await rm(path, { force: true });
  }
  throw new Error(`${path} is claimed repeatedly. Remove it if no process is adding ${name}.`);
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
