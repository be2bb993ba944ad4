/**
 * One file over HTTP, whole and right or not at all. The bytes go to `<path>.part`; a dropped
 * connection is taken up where it broke, in this process or a later one, if the server still has the
 * same file (its ETag says so, or the digest will). The name `path` appears only after length and
 * digest agree.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { asDiskError } from './disk-error.ts';
import { DownloadError } from './download-error.ts';
import type { DownloadRequest } from './download-request.ts';
import { Transfer } from './transfer.ts';

/** `isResumed`: some of it was there from an earlier process. `hex` is of the digest's algorithm. */
export type DownloadResult = { sizeBytes: number; hex: string; isResumed: boolean };

const ATTEMPTS = 6;
const RETRY_DELAY_MS = 500;
const RETRY_DELAY_MS_MAX = 15_000;
const STALL_MS = 30_000;
// A part that proves to be of another file costs one start from nothing; a second means a server that
// changes its mind.
const RESTARTS_MAX = 2;

/** Throws DownloadError, or `signal.reason` after an abort; both leave the part for the next time. */
export async function download(request: DownloadRequest): Promise<DownloadResult> {
  const { signal = new AbortController().signal, attempts = ATTEMPTS } = request;
  await mkdir(dirname(request.path), { recursive: true }).catch((error: unknown) => {
    throw asDiskError(error, request.path);
  });
  const transfer = await Transfer.resume(request, request.stallMs ?? STALL_MS);
  const isResumed = transfer.bytes > 0;
  let furthest = transfer.bytes;
  let restarts = 0;
  let failures = 0;
  for (;;) {
    signal.throwIfAborted();
    const outcome = await transfer.attempt(signal);
    if (outcome.kind === 'whole') {
      const hex = await transfer.finish();
      if (hex !== null) return { sizeBytes: transfer.bytes, hex, isResumed };
      // Assembled of several answers, and wrong: one of them was of another file.
    }
    if (outcome.kind !== 'dropped') {
      await transfer.startOver();
      restarts += 1;
      if (restarts <= RESTARTS_MAX) continue;
      throw new DownloadError(
        'mismatch',
        `${request.url} changes while it is fetched. Try again later.`,
      );
    }

    if (transfer.bytes > furthest) failures = 0;
    furthest = Math.max(furthest, transfer.bytes);
    failures += 1;
    if (failures >= attempts) throw unreachable(request.url, failures, outcome.cause);
    const backoffMs = (request.retryDelayMs ?? RETRY_DELAY_MS) * 2 ** (failures - 1);
    await delay(outcome.afterMs ?? Math.min(backoffMs, RETRY_DELAY_MS_MAX), undefined, {
      signal,
    }).catch(() => signal.throwIfAborted());
  }
}

function unreachable(url: string, failures: number, cause: Error): DownloadError {
  // fetch says "fetch failed" and hides the reason one level down.
  const reason = cause.cause instanceof Error ? cause.cause : cause;
  const code = 'code' in reason && typeof reason.code === 'string' ? reason.code : '';
  const said = reason.message === '' ? code : reason.message;
  return new DownloadError(
    'unreachable',
    `${url} cannot be fetched: ${said} (${failures} tries).`,
    {
      cause,
    },
  );
}
