import { DownloadError } from './download-error.ts';

export type Asked = {
  url: string;
  /** The first byte asked for. */
  offset: number;
  /** The ETag of the bytes before `offset`, where the server gave one. */
  etag: string | null;
  /** What the caller knows the file to have. */
  expectedBytes: number | null;
  /** What an earlier answer, whose bytes are on disk, said that the file has. */
  totalBytes: number | null;
};

/**
 * `body`: bytes from `offset` on, where 0 means that the file starts over. `whole`: there is nothing
 * left to fetch. `restart`: what is on disk belongs to another file. `retry`: a passing refusal.
 */
export type Answer =
  | { kind: 'body'; offset: number; totalBytes: number | null; etag: string | null }
  | { kind: 'whole' }
  | { kind: 'restart' }
  | { kind: 'retry'; afterMs: number | null };

const RETRIED = new Set([408, 425, 429, 500, 502, 503, 504]);
const RETRY_AFTER_MS_MAX = 60_000;

/** What an answer means for the file, from its status and headers alone. Throws where they contradict. */
export function readAnswer(status: number, headers: Headers, asked: Asked): Answer {
  const etag = strongEtag(headers);
  if (RETRIED.has(status)) return { kind: 'retry', afterMs: retryAfterMs(headers) };
  if (status === 416) return readUnsatisfied(headers, asked);
  if (status === 200 || status === 206) {
    const encoding = headers.get('content-encoding') ?? 'identity';
    if (encoding !== 'identity') lied(asked, `it encodes the file as ${encoding}, unasked`);
  }
  if (status === 200) {
    const totalBytes = readLength(headers, asked);
    expectTotal(totalBytes, asked);
    return { kind: 'body', offset: 0, totalBytes: totalBytes ?? asked.expectedBytes, etag };
  }
  if (status === 206) return readPartial(headers, asked, etag);
  throw new DownloadError('refused', `${asked.url} answers ${status}.`, { status });
}

function readPartial(headers: Headers, asked: Asked, etag: string | null): Answer {
  // The condition was ignored: these are the bytes of a file that was changed meanwhile.
  if (asked.etag !== null && etag !== null && etag !== asked.etag) return { kind: 'restart' };
  const text = headers.get('content-range') ?? '';
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/u.exec(text) ?? [];
  if (first === undefined || last === undefined) {
    return lied(asked, `it sends a part without saying which (content-range: "${text}")`);
  }
  if (Number(first) !== asked.offset) {
    return lied(
      asked,
      `it was asked for bytes from ${asked.offset} on and sends them from ${first} on`,
    );
  }
  const length = readLength(headers, asked);
  if (length !== null && length !== Number(last) - Number(first) + 1) {
    lied(asked, `it announces ${length} bytes and the range ${text}`);
  }
  const totalBytes = total === '*' || total === undefined ? null : Number(total);
  if (totalBytes !== null && Number(last) >= totalBytes) lied(asked, `it sends the range ${text}`);
  expectTotal(totalBytes, asked);
  if (totalBytes !== null && asked.totalBytes !== null && totalBytes !== asked.totalBytes) {
    return { kind: 'restart' };
  }
  return { kind: 'body', offset: asked.offset, totalBytes: totalBytes ?? asked.totalBytes, etag };
}

function readUnsatisfied(headers: Headers, asked: Asked): Answer {
  if (asked.offset === 0) {
    throw new DownloadError('refused', `${asked.url} answers 416.`, { status: 416 });
  }
  const total = /^bytes \*\/(\d+)$/u.exec(headers.get('content-range') ?? '')?.[1];
  const isWhole = total === String(asked.offset);
  return { kind: isWhole ? 'whole' : 'restart' };
}

function readLength(headers: Headers, asked: Asked): number | null {
  const text = headers.get('content-length');
  if (text === null) return null;
  return /^\d+$/u.test(text) ? Number(text) : lied(asked, `its content-length is "${text}"`);
}

function expectTotal(totalBytes: number | null, asked: Asked): void {
  if (totalBytes !== null && asked.expectedBytes !== null && totalBytes !== asked.expectedBytes) {
    lied(asked, `it says ${totalBytes} bytes where the file has ${asked.expectedBytes}`);
  }
}

/** A weak ETag promises the same meaning, not the same bytes. */
function strongEtag(headers: Headers): string | null {
  const etag = headers.get('etag');
  return etag === null || etag.startsWith('W/') ? null : etag;
}

function retryAfterMs(headers: Headers): number | null {
  const text = headers.get('retry-after') ?? '';
  return /^\d+$/u.test(text) ? Math.min(Number(text) * 1_000, RETRY_AFTER_MS_MAX) : null;
}

function lied(asked: Asked, what: string): never {
  throw new DownloadError('lied', `${asked.url} cannot be trusted: ${what}.`);
}
