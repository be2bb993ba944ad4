import type { Connection } from './connection.ts';
import type { Limits } from './limits.ts';

/** All open connections: looks after them, keeps their bytes within the budget, and ends them. */
export class Connections implements AsyncDisposable {
  readonly #limits: Limits;
  readonly #open = new Set<Connection>();
  readonly #timer: NodeJS.Timeout;
  #onEmpty: (() => void) | null = null;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#timer = setInterval(() => this.#sweep(), limits.sweepMs);
  }

  get counts(): { sockets: number; streams: number } {
    let sockets = 0;
    for (const { kind } of this.#open) if (kind === 'socket') sockets += 1;
    return { sockets, streams: this.#open.size - sockets };
  }

  get isFull(): boolean {
    return this.#open.size >= this.#limits.connectionsMax;
  }

  get bufferedBytes(): number {
    let bytes = 0;
    for (const connection of this.#open) bytes += connection.bufferedBytes;
    return bytes;
  }

  add(connection: Connection): void {
    this.#open.add(connection);
  }

  remove(connection: Connection): void {
    this.#open.delete(connection);
    if (this.#open.size === 0) this.#onEmpty?.();
  }

  /** Tells every client to come again, and waits until they are gone; the last ones are cut off. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    if (this.#open.size === 0) return;
    const empty = new Promise<void>((resolve) => (this.#onEmpty = resolve));
    for (const connection of this.#open) connection.end('stopping');
    const timer = setTimeout(() => {
      for (const connection of this.#open) connection.destroy();
    }, this.#limits.closeMs);
    await empty;
    clearTimeout(timer);
  }

  #sweep(): void {
    const nowMs = performance.now();
    let bytes = 0;
    for (const connection of this.#open) {
      connection.lookAfter(nowMs);
      bytes += connection.bufferedBytes;
    }
    if (bytes > this.#limits.bytesMax) this.#shed(bytes - this.#limits.bytesMax);
  }

  #shed(bytes: number): void {
    let excess = bytes;
    const slowest = [...this.#open].sort((a, b) => b.bufferedBytes - a.bufferedBytes);
    for (const connection of slowest) {
      if (excess <= 0) return;
      excess -= connection.bufferedBytes;
      connection.end('slow');
    }
  }
}
