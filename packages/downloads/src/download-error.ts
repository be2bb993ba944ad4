/**
 * Why a file could not be fetched.
 *
 * `unreachable`: no answer, or connections that drop again and again; worth another try later.
 * `refused`: the server answered that it will not serve this (`status` is its answer).
 * `lied`: lengths or ranges of the answer contradict each other or what was expected.
 * `mismatch`: the file is whole and is not the one that was asked for.
 * `disk`: this machine cannot hold the file; what was fetched is kept.
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
