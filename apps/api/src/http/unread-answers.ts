import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Bounds what answers hold in memory while their readers are slow. Give it each answer when it was
 * handed to Node: beyond `totalBytes` the one that waits longest loses its connection, and so does
 * one that was not read within `readingMs`.
 */
export class UnreadAnswers {
  /** The one that waits longest first. */
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
      const [slowest] = this.#unread.keys();
      if (slowest === undefined) return;
      this.#remove(slowest);
      slowest.destroy();
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
