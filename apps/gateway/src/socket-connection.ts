import type { Duplex } from 'node:stream';

import { MESSAGES, type TaskEvent } from '@runfleet/protocol';
import type { RawData, WebSocket } from 'ws';

import type { Connection, EndReason } from './connection.ts';
import { findTask } from './find-task.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { Outlet, Wish } from './outlet.ts';
import { CONNECTED_FRAME, errorFrame, TOKEN_INVALID_FRAME } from './render-frame.ts';
import { resumeReason } from './resume-reason.ts';
import { StallWatch } from './stall-watch.ts';
import type { Watch } from './task-feeds.ts';
import { parseUpstream } from './upstream.ts';

/** 1001, 1013: RFC 6455 and its registry. 4008: ours, a slow consumer. */
const CLOSE_CODES = { stopping: 1001, unavailable: 1013, slow: 4008 } as const;

// One object for all: the send path makes none of its own.
const TEXT = { binary: false } as const;

/**
 * One client's socket. It watches the tasks whose tokens the client shows, and is the outlet of their
 * subscriptions.
 */
export class SocketConnection implements Connection, Outlet {
  readonly kind = 'socket';
  readonly #ctx: GatewayContext;
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  /** Null while the token is looked up, and again once the task has been told. */
  readonly #watches = new Map<string, Watch | null>();
  readonly #closing = new AbortController();
  readonly #stall: StallWatch;
  #lookups = 0;
  #isHeldBack = false;
  #isCorked = false;
  /** As it was when the outlet was last asked for room, which is right before each `send`. */
  #bufferedBytes = 0;
  #pingAtMs: number;
  #missedPongs = 0;

  /** `stream` carries the frames of `socket`. */
  constructor(ctx: GatewayContext, socket: WebSocket, stream: Duplex) {
    this.#ctx = ctx;
    this.#socket = socket;
    this.#stream = stream;
    this.#stall = new StallWatch(ctx.limits);
    this.#pingAtMs = performance.now() + ctx.limits.pingIntervalMs;
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => (this.#missedPongs = 0));
    socket.on('close', () => this.#letGo());
    // `close` follows; a client that breaks the protocol or vanishes is no event of ours.
    socket.on('error', () => {});
    socket.send(CONNECTED_FRAME, TEXT);
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  hasRoomFor(kind: 'output' | 'event'): boolean {
    const { outputBytesMax, connectionBytesMax } = this.#ctx.limits;
    const max = kind === 'output' ? outputBytesMax : connectionBytesMax;
    this.#bufferedBytes = this.#socket.bufferedAmount;
    const hasRoom = this.#bufferedBytes < max;
    this.#isHeldBack ||= !hasRoom;
    return hasRoom;
  }

  send(frame: Buffer, type: TaskEvent['type']): void {
    this.#ctx.metrics.frameSent(type, frame.length);
    this.#cork();
    // Only the frame that fills the buffer asks to be told when it is gone.
    const fills = this.#bufferedBytes + frame.length >= this.#ctx.limits.outputBytesMax;
    if (fills) this.#socket.send(frame, TEXT, this.#onFlushed);
    else this.#socket.send(frame, TEXT);
  }

  lookAfter(nowMs: number): void {
    if (this.#stall.isStalled(this.#socket.bufferedAmount, nowMs)) return this.end('slow');
    if (nowMs < this.#pingAtMs) return;
    if (this.#missedPongs >= this.#ctx.limits.missedPongsMax) {
      this.#ctx.metrics.connectionEnded('dead');
      return this.destroy();
    }
    this.#pingAtMs = nowMs + this.#ctx.limits.pingIntervalMs;
    this.#missedPongs += 1;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  end(reason: Exclude<EndReason, 'dead'>): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#ctx.metrics.connectionEnded(reason);
    const places: [string, number][] = [];
    for (const [token, watch] of this.#watches) if (watch) places.push([token, watch.seq]);
    this.#letGo();
    this.#socket.close(CLOSE_CODES[reason], resumeReason(places));
  }

  destroy(): void {
    this.#letGo();
    this.#socket.terminate();
  }

  /** Frames of one turn leave in one write: the system call costs more than all else about a frame. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#stream.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      this.#stream.uncork();
    });
  }

  readonly #onFlushed = (): void => {
    if (!this.#isHeldBack || this.#socket.bufferedAmount >= this.#ctx.limits.outputBytesMax) return;
    this.#isHeldBack = false;
    for (const watch of this.#watches.values()) watch?.pump();
  };

  #receive(data: RawData, isBinary: boolean): void {
    if (isBinary || this.#closing.signal.aborted) return;
    // `ws` hands over Buffers unless told otherwise.
    const frame = parseUpstream((data as Buffer).toString());
    if (frame === null) return;
    if (frame.type === 'refused') return this.#refuse(frame.message);
    const { token, wish } = frame;
    if (this.#watches.has(token)) return;
    if (this.#watches.size >= this.#ctx.limits.tokensPerConnectionMax) {
      return this.#refuse('too-many-tasks');
    }
    this.#watches.set(token, null);
    void this.#watch(token, wish);
  }

  async #watch(token: string, wish: Wish): Promise<void> {
    const { limits } = this.#ctx;
    this.#lookups += 1;
    // A client that asks faster than Postgres answers waits in the network.
    if (this.#lookups >= limits.lookupsPerConnectionMax) this.#socket.pause();
    try {
      const task = await findTask(this.#ctx.readTaskId, token, this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      if (task === null) {
        this.#watches.delete(token);
        return this.#refuse(MESSAGES.tokenInvalid);
      }
      const watch = this.#ctx.feeds.watch(task, wish, this, (end) => {
        this.#watches.set(token, null);
        if (end === 'failed') this.end('unavailable');
      });
      this.#watches.set(token, watch);
      watch.pump();
    } catch (err) {
      if (this.#closing.signal.aborted) return;
      this.#ctx.logger.warn({ err }, 'a task token cannot be looked up');
      this.end('unavailable');
    } finally {
      this.#lookups -= 1;
      if (this.#lookups < limits.lookupsPerConnectionMax && this.#socket.isPaused) {
        this.#socket.resume();
      }
    }
  }

  #refuse(message: string): void {
    const frame = message === MESSAGES.tokenInvalid ? TOKEN_INVALID_FRAME : errorFrame(message);
    this.#socket.send(frame, TEXT);
  }

  #letGo(): void {
    this.#closing.abort();
    for (const watch of this.#watches.values()) watch?.end();
    this.#watches.clear();
  }
}
