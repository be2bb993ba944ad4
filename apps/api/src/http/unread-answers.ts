import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Limits the memory that answers hold while their readers are slow. Add each answer when it has been
 * passed to Node: beyond `totalBytes` the oldest one loses its connection, and so does one that was not
 * read within `readingMs`.
 */
export class UnreadAnswers {
  /** In the order of adding, the oldest first. */
  readonly #unread = new Map<ServerResponse, { sizeBytes: number; timer: NodeJS.Timeout }>();
  readonly #totalBytes: number;
  readonly #readingMs: number;
  #sizeBytes = 0;

  constructor(totalBytes: number, readingMs: number) {
    this.#totalBytes = totalBytes;
    this.#readingMs = readingMs;
  }

  add(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const sizeBytes = Math.max(response.writableLength, socket.writableLength);
    if (response.closed || socket.destroyed || sizeBytes === 0) return;
    const timer = setTimeout(() => socket.destroy(), this.#readingMs).unref();
    this.#unread.set(response, { sizeBytes, timer });
    this.#sizeBytes += sizeBytes;
    response.once('close', () => this.#remove(response));
    while (this.#sizeBytes > this.#totalBytes) {
      const [oldest] = this.#unread.keys();
      if (oldest === undefined) return;
      this.#remove(oldest);
      oldest.destroy();
    }
  }

  #remove(response: ServerResponse): void {
    const entry = this.#unread.get(response);
    if (entry === undefined) return;
    this.#unread.delete(response);
    this.#sizeBytes -= entry.sizeBytes;
    clearTimeout(entry.timer);
  }
}
