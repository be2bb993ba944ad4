import type { Digest } from './digest.ts';
import type { DownloadProgress } from './progress-meter.ts';

export type DownloadRequest = {
  url: string;
  /** The target path. An existing file is replaced. */
  path: string;
  sizeBytes?: number | undefined;
  digest?: Digest | undefined;
  /** Sent to the origin of `url`; `authorization` does not follow a redirect to another. */
  headers?: Readonly<Record<string, string>>;
  onProgress?: (progress: DownloadProgress) => void;
  signal?: AbortSignal;
  /** How many consecutive connections may bring no new bytes before the download fails. */
  attempts?: number;
  /** The delay after the first of them; it doubles, up to 15 s. */
  retryDelayMs?: number;
  /** A connection that brings no byte for this long counts as dropped. */
  stallMs?: number;
};
