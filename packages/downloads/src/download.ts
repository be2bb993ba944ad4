/**
 * Downloads one file over HTTP, complete and verified or not at all. The bytes go to `<path>.part`. A
 * dropped connection is resumed, in this process or a later one, if the server still has the same file,
 * which its ETag or the final digest shows. `path` appears only after length and digest have matched.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { asDiskError } from './disk-error.ts';
import { DownloadError } from './download-error.ts';
import type { DownloadRequest } from './download-request.ts';
import { Transfer } from './transfer.ts';

/** `isResumed`: an earlier process had downloaded a part. `hex` is the digest of the requested algorithm. */
export type DownloadResult = { sizeBytes: number; hex: string; isResumed: boolean };

const ATTEMPTS = 6;
const RETRY_DELAY_MS = 500;
const RETRY_DELAY_MS_MAX = 15_000;
const STALL_MS = 30_000;
// A part of another file costs one restart; a second restart means that the file keeps changing.
const RESTARTS_MAX = 2;

/** Throws DownloadError, or `signal.reason` after an abort; both keep the part for the next try. */
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
      // The parts of several answers do not match the digest: one was of another file.
    }
    if (outcome.kind !== 'dropped') {
      await transfer.startOver();
      restarts += 1;
      if (restarts <= RESTARTS_MAX) continue;
      throw new DownloadError(
        'mismatch',
        `${request.url} changes during the download. Try again later.`,
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
  // fetch throws "fetch failed"; the reason is its cause.
  const reason = cause.cause instanceof Error ? cause.cause : cause;
  const code = 'code' in reason && typeof reason.code === 'string' ? reason.code : '';
  const description = reason.message === '' ? code : reason.message;
  return new DownloadError(
    'unreachable',
    `${url} cannot be downloaded: ${description} (${failures} tries).`,
    {
      cause,
    },
  );
}
