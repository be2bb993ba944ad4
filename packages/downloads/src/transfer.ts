import type { Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

import { feedHash, startHash } from './digest.ts';
import { asDiskError, refuseFullDisk } from './disk-error.ts';
import { DownloadError } from './download-error.ts';
import type { DownloadRequest } from './download-request.ts';
import { followRedirects } from './follow-redirects.ts';
import { PartFile } from './part-file.ts';
import { ProgressMeter } from './progress-meter.ts';
import { type Answer, readAnswer } from './read-answer.ts';

/** `whole`: all bytes are on disk, not verified. `restart`: the part is of another file. `dropped`: retry. */
export type AttemptOutcome =
  | { kind: 'whole' }
  | { kind: 'restart' }
  | { kind: 'dropped'; cause: Error; afterMs: number | null };

/** One download across its connections: the bytes on disk, their hash and their origin. */
export class Transfer {
  bytes = 0;
  readonly #request: DownloadRequest;
  readonly #part: PartFile;
  readonly #meter: ProgressMeter;
  readonly #stallMs: number;
  #hash: Hash;
  #etag: string | null = null;
  #totalBytes: number | null = null;
  /** The number of answers that the bytes on disk came from; an earlier process counts as one. */
  #answers = 0;

  private constructor(request: DownloadRequest, stallMs: number) {
    this.#request = request;
    this.#part = new PartFile(request.path);
    this.#meter = new ProgressMeter(request.onProgress ?? (() => {}));
    this.#stallMs = stallMs;
    this.#hash = this.#newHash();
  }

  /** Resumes the part of an earlier process if it belongs to the same request and can be verified. */
  static async resume(request: DownloadRequest, stallMs: number): Promise<Transfer> {
    const transfer = new Transfer(request, stallMs);
    const found = await transfer.#part.read();
    if (found === null) return transfer;
    const { bytes, note } = found;
    const total = request.sizeBytes ?? note.totalBytes;
    const isSame = note.url === request.url && note.digest === digestKey(request);
    // An ETag shows that the server still has the same file; a digest shows it at the end.
    const isVerifiable = note.etag !== null || request.digest !== undefined;
    if (isSame && isVerifiable && (total === null || bytes <= total)) {
      await feedHash(transfer.#hash, transfer.#part.path, bytes);
      transfer.bytes = bytes;
      transfer.#etag = note.etag;
      transfer.#totalBytes = note.totalBytes;
      transfer.#answers = 1;
    }
    return transfer;
  }

  /** Makes one connection. Throws DownloadError for failures that a retry would not solve. */
  async attempt(signal: AbortSignal): Promise<AttemptOutcome> {
    const { sizeBytes, digest } = this.#request;
    if (digest && sizeBytes !== undefined && this.bytes === sizeBytes) return { kind: 'whole' };
    const stall = new AbortController();
    const timer = setTimeout(
      () => stall.abort(new Error(`no byte for ${this.#stallMs / 1_000} s`)),
      this.#stallMs,
    );
    try {
      const connection = AbortSignal.any([signal, stall.signal]);
      const response = await followRedirects(this.#request.url, this.#headers(), connection);
      const answer = await this.#read(response);
      if (answer.kind === 'retry') {
        const cause = new Error(`it answers ${response.status}`);
        return { kind: 'dropped', cause, afterMs: answer.afterMs };
      }
      if (answer.kind !== 'body') return answer;
      await this.#receive(response, answer, () => timer.refresh());
      if (this.bytes === (this.#totalBytes ?? this.bytes)) return { kind: 'whole' };
      const cause = new Error(`it ends after ${this.bytes} of ${this.#totalBytes} bytes`);
      return { kind: 'dropped', cause, afterMs: null };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof DownloadError) {
        if (error.kind === 'lied') await this.#part.discard();
        throw error;
      }
      const cause = error instanceof Error ? error : new Error(String(error));
      return { kind: 'dropped', cause, afterMs: null };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Verifies and renames the file. Null if it is wrong and came from several answers: start over. */
  async finish(): Promise<string | null> {
    const { sizeBytes, digest, url } = this.#request;
    const hex = this.#hash.digest('hex');
    const isWrong = digest !== undefined && digest.hex.toLowerCase() !== hex;
    if (!isWrong && (sizeBytes === undefined || sizeBytes === this.bytes)) {
      await this.#part.finish().catch((error: unknown) => {
        throw asDiskError(error, this.#request.path);
      });
      return hex;
    }
    if (this.#answers > 1) return null;
    await this.#part.discard();
    const what = isWrong
      ? `its ${digest.algorithm} is ${hex} and should be ${digest.hex}`
      : `it has ${this.bytes} bytes and should have ${sizeBytes}`;
    throw new DownloadError('mismatch', `${url} is not the requested file: ${what}.`);
  }

  async startOver(): Promise<void> {
    await this.#part.discard();
    this.#forget();
  }

  #forget(): void {
    this.bytes = 0;
    this.#hash = this.#newHash();
    this.#etag = null;
    this.#totalBytes = null;
    this.#answers = 0;
  }

  #headers(): Record<string, string> {
    const range: Record<string, string> = this.bytes === 0 ? {} : { range: `bytes=${this.bytes}-` };
    if (this.bytes > 0 && this.#etag !== null) range['if-range'] = this.#etag;
    return { ...this.#request.headers, ...range };
  }

  async #read(response: Response): Promise<Answer> {
    const answer = (() => {
      try {
        return readAnswer(response.status, response.headers, {
          url: this.#request.url,
          offset: this.bytes,
          etag: this.#etag,
          expectedBytes: this.#request.sizeBytes ?? null,
          totalBytes: this.#totalBytes,
        });
      } catch (error) {
        return error;
      }
    })() as Answer | Error;
    // An unread body would keep its connection open.
    if (answer instanceof Error || answer.kind !== 'body') await response.body?.cancel();
    if (answer instanceof Error) throw answer;
    return answer;
  }

  async #receive(
    response: Response,
    answer: Answer & { kind: 'body' },
    onBytes: () => void,
  ): Promise<void> {
    if (answer.offset === 0) this.#forget();
    this.#answers += 1;
    this.#etag = answer.etag ?? this.#etag;
    this.#totalBytes = answer.totalBytes;
    const { path } = this.#part;
    if (this.#totalBytes !== null) {
      await refuseFullDisk(this.#request.path, this.#totalBytes - this.bytes);
    }
    const handle = await open(path, answer.offset === 0 ? 'w' : 'r+').catch((error: unknown) => {
      throw asDiskError(error, path);
    });
    try {
      await this.#part.writeNote({
        url: this.#request.url,
        digest: digestKey(this.#request),
        etag: this.#etag,
        totalBytes: this.#totalBytes,
      });
      this.#meter.restart(this.bytes);
      for await (const chunk of response.body ?? []) {
        onBytes();
        await this.#keep(handle, chunk);
        this.#meter.count(this.bytes, this.#totalBytes);
      }
    } finally {
      await handle.close();
    }
  }

  async #keep(handle: FileHandle, chunk: Uint8Array): Promise<void> {
    const { url, path } = this.#request;
    if (this.#totalBytes !== null && this.bytes + chunk.length > this.#totalBytes) {
      throw new DownloadError(
        'lied',
        `${url} cannot be trusted: it sends more than the ${this.#totalBytes} bytes of the file.`,
      );
    }
    for (let done = 0; done < chunk.length;) {
      const { bytesWritten } = await handle
        .write(chunk, done, chunk.length - done, this.bytes + done)
        .catch((error: unknown) => {
          throw asDiskError(error, path);
        });
      done += bytesWritten;
    }
    this.#hash.update(chunk);
    this.bytes += chunk.length;
  }

  #newHash(): Hash {
    return startHash(this.#request.digest?.algorithm ?? 'sha256', this.#request.sizeBytes ?? null);
  }
}

function digestKey({ digest }: DownloadRequest): string {
  return digest ? `${digest.algorithm}:${digest.hex.toLowerCase()}` : '';
}
