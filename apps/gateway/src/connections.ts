import { RateLimiter } from '@runfleet/service';

import type { Connection } from './connection.ts';
import type { Limits } from './limits.ts';

/** Why a connection is refused: the gateway is full, or its address has reached a limit. */
export type Refusal = { kind: 'unavailable' | 'rate_limited'; message: string; waitMs: number };

const FULL_WAIT_MS = 5_000;

/** All open connections: admits, sweeps and ends them, and keeps their buffered bytes within the budget. */
export class Connections implements AsyncDisposable {
  readonly #limits: Limits;
  readonly #open = new Set<Connection>();
  readonly #countByAddress = new Map<string, number>();
  readonly #opens: RateLimiter;
  readonly #readMemoryBytes: () => number;
  readonly #timer: NodeJS.Timeout;
  #isMemoryFull = false;
  #onEmpty: (() => void) | null = null;

  constructor(limits: Limits, readMemoryBytes: () => number = heapAndBufferBytes) {
    this.#limits = limits;
    this.#readMemoryBytes = readMemoryBytes;
    const { opensPerAddress: burst } = limits;
    this.#opens = new RateLimiter({ perSecond: burst / 60, burst });
    this.#timer = setInterval(() => this.#sweep(), limits.sweepMs);
  }

  get counts(): { sockets: number; streams: number } {
    let sockets = 0;
    for (const { kind } of this.#open) if (kind === 'socket') sockets += 1;
    return { sockets, streams: this.#open.size - sockets };
  }

  /** Whether new connections and tasks are refused for lack of memory. */
  get isMemoryFull(): boolean {
    return this.#isMemoryFull;
  }

  get bufferedBytes(): number {
    let bytes = 0;
    for (const connection of this.#open) bytes += connection.bufferedBytes;
    return bytes;
  }

  /** Null if `address` may open one more connection, which then counts as opened. */
  refusalOf(address: string): Refusal | null {
    if (this.#isMemoryFull || this.#open.size >= this.#limits.connectionsMax) {
      const message = 'This gateway is full; try again in a moment.';
      return { kind: 'unavailable', message, waitMs: FULL_WAIT_MS };
    }
    if ((this.#countByAddress.get(address) ?? 0) >= this.#limits.connectionsPerAddressMax) {
      const message = 'Your address has too many open connections; close some of them.';
      return { kind: 'rate_limited', message, waitMs: FULL_WAIT_MS };
    }
    const waitMs = this.#opens.take(address);
    if (waitMs === 0) return null;
    const message = 'Your address opens connections too fast; try again in a moment.';
    return { kind: 'rate_limited', message, waitMs };
  }

  add(connection: Connection): void {
    this.#open.add(connection);
    const { address } = connection;
    this.#countByAddress.set(address, (this.#countByAddress.get(address) ?? 0) + 1);
  }

  remove(connection: Connection): void {
    if (!this.#open.delete(connection)) return;
    const { address } = connection;
    const count = (this.#countByAddress.get(address) ?? 0) - 1;
    if (count > 0) this.#countByAddress.set(address, count);
    else this.#countByAddress.delete(address);
    if (this.#open.size === 0) this.#onEmpty?.();
  }

  /** Asks every client to reconnect, and waits until all have disconnected; after `closeMs` the rest are cut. */
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
      connection.check(nowMs);
      bytes += connection.bufferedBytes;
    }
    const excessBytes = this.#readMemoryBytes() - this.#limits.memoryBytesMax;
    this.#isMemoryFull = excessBytes > 0;
    this.#shed(Math.max(bytes - this.#limits.bytesMax, excessBytes));
  }

  /** Ends the slowest clients until `bytes` are freed. */
  #shed(bytes: number): void {
    if (bytes <= 0) return;
    let excess = bytes;
    const slowest = [...this.#open].sort((a, b) => b.bufferedBytes - a.bufferedBytes);
    for (const connection of slowest) {
      if (excess <= 0 || connection.bufferedBytes === 0) return;
      excess -= connection.bufferedBytes;
      connection.end('slow');
    }
  }
}

function heapAndBufferBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
