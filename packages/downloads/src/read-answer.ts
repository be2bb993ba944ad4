import { DownloadError } from './download-error.ts';

export type RangeRequest = {
  url: string;
  /** The first requested byte. */
  offset: number;
  /** The ETag of the bytes before `offset`, if the server sent one. */
  etag: string | null;
  /** The file's size, if the caller knows it. */
  expectedBytes: number | null;
  /** The file's size according to the earlier answer whose bytes are on disk. */
  totalBytes: number | null;
};

/**
 * `body`: bytes from `offset` on; 0 means that the file starts over. `whole`: nothing is left to
 * download. `restart`: the part on disk belongs to another file. `retry`: a temporary refusal.
 */
export type Answer =
  | { kind: 'body'; offset: number; totalBytes: number | null; etag: string | null }
  | { kind: 'whole' }
  | { kind: 'restart' }
  | { kind: 'retry'; afterMs: number | null };

const RETRIED = new Set([408, 425, 429, 500, 502, 503, 504]);
const RETRY_AFTER_MS_MAX = 60_000;

/** Interprets the status and headers of an answer. Throws if they contradict each other or the request. */
export function readAnswer(status: number, headers: Headers, request: RangeRequest): Answer {
  const etag = strongEtag(headers);
  if (RETRIED.has(status)) return { kind: 'retry', afterMs: retryAfterMs(headers) };
  if (status === 416) return readUnsatisfied(headers, request);
  if (status === 200 || status === 206) {
    const encoding = headers.get('content-encoding') ?? 'identity';
    if (encoding !== 'identity')
      lied(request, `it encodes the file as ${encoding} without a request`);
  }
  if (status === 200) {
    const totalBytes = readLength(headers, request);
    expectTotal(totalBytes, request);
    return { kind: 'body', offset: 0, totalBytes: totalBytes ?? request.expectedBytes, etag };
  }
  if (status === 206) return readPartial(headers, request, etag);
  throw new DownloadError('refused', `${request.url} answers ${status}.`, { status });
}

function readPartial(headers: Headers, request: RangeRequest, etag: string | null): Answer {
  // The server ignored If-Range and sends bytes of a file that has changed.
  if (request.etag !== null && etag !== null && etag !== request.etag) return { kind: 'restart' };
  const text = headers.get('content-range') ?? '';
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/u.exec(text) ?? [];
  if (first === undefined || last === undefined) {
    return lied(request, `it sends a part without its range (content-range: "${text}")`);
  }
  if (Number(first) !== request.offset) {
    return lied(
      request,
      `it was asked for bytes from ${request.offset} on and sends them from ${first} on`,
    );
  }
  const length = readLength(headers, request);
  if (length !== null && length !== Number(last) - Number(first) + 1) {
    lied(request, `it announces ${length} bytes and the range ${text}`);
  }
  const totalBytes = total === '*' || total === undefined ? null : Number(total);
  if (totalBytes !== null && Number(last) >= totalBytes)
    lied(request, `it sends the range ${text}`);
  expectTotal(totalBytes, request);
  if (totalBytes !== null && request.totalBytes !== null && totalBytes !== request.totalBytes) {
    return { kind: 'restart' };
  }
  return {
    kind: 'body',
    offset: request.offset,
    totalBytes: totalBytes ?? request.totalBytes,
    etag,
  };
}

function readUnsatisfied(headers: Headers, request: RangeRequest): Answer {
  if (request.offset === 0) {
    throw new DownloadError('refused', `${request.url} answers 416.`, { status: 416 });
  }
  const total = /^bytes \*\/(\d+)$/u.exec(headers.get('content-range') ?? '')?.[1];
  const isWhole = total === String(request.offset);
  return { kind: isWhole ? 'whole' : 'restart' };
}

function readLength(headers: Headers, request: RangeRequest): number | null {
  const text = headers.get('content-length');
  if (text === null) return null;
  return /^\d+$/u.test(text) ? Number(text) : lied(request, `its content-length is "${text}"`);
}

function expectTotal(totalBytes: number | null, request: RangeRequest): void {
  if (
    totalBytes !== null &&
    request.expectedBytes !== null &&
    totalBytes !== request.expectedBytes
  ) {
    lied(request, `it announces ${totalBytes} bytes, but the file has ${request.expectedBytes}`);
  }
}

/** The answer's ETag unless it is weak: a weak one does not promise the same bytes. */
function strongEtag(headers: Headers): string | null {
  const etag = headers.get('etag');
  return etag === null || etag.startsWith('W/') ? null : etag;
}

function retryAfterMs(headers: Headers): number | null {
  const text = headers.get('retry-after') ?? '';
  return /^\d+$/u.test(text) ? Math.min(Number(text) * 1_000, RETRY_AFTER_MS_MAX) : null;
}

function lied(request: RangeRequest, what: string): never {
  throw new DownloadError('lied', `${request.url} cannot be trusted: ${what}.`);
}
