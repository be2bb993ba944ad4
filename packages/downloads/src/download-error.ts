/**
 * Why a file could not be fetched.
 *
 * `unreachable`: no answer, or repeatedly dropped connections; a later try may succeed.
 * `refused`: the server refused the request (`status` is its HTTP status).
 * `lied`: the lengths or ranges of the answer contradict each other or the expected size.
 * `mismatch`: the file is complete but not the requested one.
 * `disk`: this machine cannot store the file; the downloaded part is kept.
 */
export type DownloadErrorKind = 'unreachable' | 'refused' | 'lied' | 'mismatch' | 'disk';

export class DownloadError extends Error {
  override readonly name = 'DownloadError';
  readonly kind: DownloadErrorKind;
  readonly status: number | null;

  constructor(
    kind: DownloadErrorKind,
    message: string,
    options: ErrorOptions & { status?: number } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.status = options.status ?? null;
  }
}
