export { download, type DownloadResult } from './download.ts';
export type { DownloadRequest } from './download-request.ts';
export { DownloadError, type DownloadErrorKind } from './download-error.ts';
export { type Digest, hashFile } from './digest.ts';
export type { DownloadProgress } from './progress-meter.ts';
