import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { processIdentity, runningPid } from './process-identity.ts';

const ATTEMPTS_MAX = 5;
const ORPHAN_STOP_MS = 10_000;
const POLL_MS = 20;

/** The users of a server folder: the process that started the server, and the server itself. */
type Owner = { owner: string; server?: string };

export type FolderClaim = {
  /** Records the server's pid, so that the next start after a crash can find and stop it. */
  noteServer(pid: number): Promise<void>;
  release(): Promise<void>;
};

/**
 * Claims the folder for this process. A server that outlived its starter is stopped first. Throws if
 * the folder's owner is still running.
 */
export async function claimFolder(
  folder: string,
  options: { stopSignal: NodeJS.Signals; onProgress: (step: string) => void },
): Promise<FolderClaim> {
  const path = join(folder, 'owner.json');
  const owner = processIdentity(process.pid) ?? String(process.pid);

  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (await createAtomically(path, { owner })) {
      return {
        noteServer: async (pid) => {
          const server = processIdentity(pid);
          await replaceAtomically(path, server === undefined ? { owner } : { owner, server });
        },
        release: () => rm(path, { force: true }),
      };
    }
    const found = await readOwner(path);
    if (!found) continue;
    const ownerPid = runningPid(found.owner);
    if (ownerPid !== undefined) {
      throw new Error(
        `${folder} is in use by process ${ownerPid}. Stop that process first, or use another folder.`,
      );
    }
    if (found.server !== undefined && runningPid(found.server) !== undefined) {
      options.onProgress(`Stopping the server that an earlier start left behind in ${folder}`);
      await stopOrphan(found.server, options.stopSignal);
    }
    await rm(path, { force: true });
  }
  throw new Error(`Other starts keep claiming ${folder}. Try again when they are done.`);
}

async function stopOrphan(server: string, stopSignal: NodeJS.Signals): Promise<void> {
  for (const signal of [stopSignal, 'SIGKILL'] as const) {
    const deadline = Date.now() + ORPHAN_STOP_MS;
    for (let sent = false; Date.now() < deadline; await delay(POLL_MS)) {
      const pid = runningPid(server);
      if (pid === undefined) return;
      if (!sent) sent = process.kill(pid, signal);
    }
  }
  throw new Error(`Process ${Number.parseInt(server, 10)} cannot be stopped. Stop it manually.`);
}

// A reader never sees a partial file: `link` creates it and `rename` replaces it atomically.
async function createAtomically(path: string, owner: Owner): Promise<boolean> {
  const draft = await writeDraft(path, owner);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function replaceAtomically(path: string, owner: Owner): Promise<void> {
  await rename(await writeDraft(path, owner), path);
}

async function writeDraft(path: string, owner: Owner): Promise<string> {
  const draft = `${path}.${process.pid}.${performance.now()}`;
  await writeFile(draft, JSON.stringify(owner), { flag: 'wx', mode: 0o600 });
  return draft;
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Owner;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`Cannot read ${path}: remove it if nothing uses that folder.`, {
      cause: error,
    });
  }
}
