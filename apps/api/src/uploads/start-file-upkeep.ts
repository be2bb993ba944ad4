import { setTimeout as pause } from 'node:timers/promises';

import { deleteExpiredFiles, sweepStrayObjects } from '@runfleet/files';

import type { ApiContext } from '../api-context.ts';

/** Between two rounds; each process draws its own, so that they spread. */
const PAUSE_MS = { min: 20_000, max: 40_000 };

/**
 * Deletes expired files, and the objects that no file owns, until disposed. The apis do this, because
 * they reach the storage in every deployment. Any number of them may do it at once, and an expired file
 * is unreadable without it.
 */
export function startFileUpkeep(
  ctx: Pick<ApiContext, 'db' | 'storage' | 'logger'>,
  pauseMs = PAUSE_MS,
): AsyncDisposable {
  const ends = new AbortController();
  const { signal } = ends;
  const run = async () => {
    while (!signal.aborted) {
      await pause(pauseMs.min + Math.random() * (pauseMs.max - pauseMs.min), null, { signal });
      try {
        await keepFiles(ctx, signal);
      } catch (err) {
        if (!signal.aborted) ctx.logger.warn({ err }, 'deletion of files failed; retrying');
      }
    }
  };
  // It rejects only when it is aborted.
  const running = run().catch(() => {});
  return {
    [Symbol.asyncDispose]: async () => {
      ends.abort();
      await running;
    },
  };
}

async function keepFiles(ctx: Pick<ApiContext, 'db' | 'storage'>, signal: AbortSignal) {
  let changed: number;
  do {
    changed = await deleteExpiredFiles(ctx);
    changed += await sweepStrayObjects(ctx, { signal });
  } while (changed > 0 && !signal.aborted);
}
