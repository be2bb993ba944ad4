import type { Digest } from './digest.ts';
import type { DownloadProgress } from './progress-meter.ts';

export type DownloadRequest = {
  url: string;
  /** Where the file will lie. An older file there is replaced. */
  path: string;
  sizeBytes?: number | undefined;
  digest?: Digest | undefined;
  /** Sent to the origin of `url`; `authorization` does not follow a redirect to another. */
  headers?: Readonly<Record<string, string>>;
  onProgress?: (progress: DownloadProgress) => void;
  signal?: AbortSignal;
  /** Connections in a row that bring nothing new before it is given up. */
  attempts?: number;
  /** The wait after the first of them; it doubles, up to 15 s. */
  retryDelayMs?: number;
  /** Without a byte for so long, a connection counts as dropped. */
  stallMs?: number;
};
