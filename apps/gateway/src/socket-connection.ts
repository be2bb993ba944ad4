import type { Duplex } from 'node:stream';

import type { TaskEvent } from '@runfleet/protocol';
import { RateLimiter } from '@runfleet/service';
import type { RawData, WebSocket } from 'ws';

import type { Connection, EndReason } from './connection.ts';
import type { GatewayContext } from './gateway-context.ts';
import { CONNECTED_FRAME, errorFrame } from './render-frame.ts';
import { resumeReason } from './resume-reason.ts';
import { type SocketSink, SocketTasks } from './socket-tasks.ts';
import { StallDetector } from './stall-detector.ts';
import { parseUpstream } from './upstream.ts';

/** 1001, 1008, 1013: RFC 6455 and its registry. 4008: slow consumer, defined by Runfleet. */
const CLOSE_CODES = {
  stopping: 1001,
  unregistered: 1008,
  guessing: 1008,
  unauthorized: 1008,
  unavailable: 1013,
  slow: 4008,
} as const;

// Shared, so that sending a frame allocates no options.
const TEXT = { binary: false } as const;

/** One client's socket, and the sink of the tasks that the client follows on it. */
export class SocketConnection implements Connection, SocketSink {
  readonly kind = 'socket';
  readonly address: string;
  readonly #ctx: GatewayContext;
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #tasks: SocketTasks;
  readonly #stall: StallDetector;
  readonly #frames: RateLimiter;
  readonly #registerByMs: number;
  #isLookingUp = false;
  #throttleTimer: NodeJS.Timeout | null = null;
  #isHeldBack = false;
  #isCorked = false;
  /** As of the last `hasRoomFor`, which precedes each `send`. */
  #bufferedBytes = 0;
  #pingAtMs: number;
  #missedPongs = 0;

  /** `stream` carries the frames of `socket`. */
  constructor(
    ctx: GatewayContext,
    { socket, stream, address }: { socket: WebSocket; stream: Duplex; address: string },
  ) {
    const { limits } = ctx;
    this.#ctx = ctx;
    this.#socket = socket;
    this.#stream = stream;
    this.address = address;
    this.#tasks = new SocketTasks(ctx, this);
    this.#stall = new StallDetector(limits);
    const { framesPerSecond: perSecond, framesBurst: burst } = limits;
    this.#frames = new RateLimiter({ perSecond, burst, keysMax: 1 });
    const nowMs = performance.now();
    this.#pingAtMs = nowMs + limits.pingIntervalMs;
    this.#registerByMs = nowMs + limits.registerMs;
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    // Counted because `ws` answers each ping with a write.
    socket.on('ping', () => this.#countFrame());
    socket.on('pong', () => {
      this.#missedPongs = 0;
      this.#countFrame();
    });
    socket.on('close', () => this.#release());
    // `close` follows an error. Clients that break the protocol or vanish are not logged.
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
    // Only the frame that fills the buffer needs a callback once it is flushed.
    const fills = this.#bufferedBytes + frame.length >= this.#ctx.limits.outputBytesMax;
    if (fills) this.#socket.send(frame, TEXT, this.#onFlushed);
    else this.#socket.send(frame, TEXT);
  }

  sendError(frame: Buffer): void {
    this.#socket.send(frame, TEXT);
  }

  holdBack(isHeld: boolean): void {
    this.#isLookingUp = isHeld;
    this.#read();
  }

  check(nowMs: number): void {
    if (this.#stall.isStalled(this.#socket.bufferedAmount, nowMs)) return this.end('slow');
    if (nowMs >= this.#registerByMs && !this.#tasks.isRegistered) return this.end('unregistered');
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
    const { positions } = this.#tasks;
    this.#release();
    this.#socket.close(CLOSE_CODES[reason], resumeReason(positions));
  }

  destroy(): void {
    this.#release();
    this.#socket.terminate();
  }

  /** Batches the frames of one tick into one write: the system call costs more than the rest of a frame. */
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
    this.#tasks.pumpAll();
  };

  #receive(data: RawData, isBinary: boolean): void {
    this.#countFrame();
    if (isBinary || this.#socket.readyState !== this.#socket.OPEN) return;
    // `ws` delivers Buffers by default.
    const frame = parseUpstream((data as Buffer).toString());
    if (frame === null) return;
    if (frame.type === 'task_info') this.#tasks.follow(frame.token, frame.options);
    else if (frame.type === 'bad-token') this.#tasks.refuse();
    else this.sendError(errorFrame('task_info-invalid', frame.token));
  }

  /** Stops reading beyond the client's rate. Frames that arrived in the same read are still handled. */
  #countFrame(): void {
    const waitMs = this.#frames.take('');
    if (waitMs === 0 || this.#throttleTimer !== null) return;
    this.#throttleTimer = setTimeout(() => {
      this.#throttleTimer = null;
      this.#read();
    }, waitMs);
    this.#read();
  }

  /** Pauses or resumes reading from the client. */
  #read(): void {
    if (this.#isLookingUp || this.#throttleTimer !== null) this.#socket.pause();
    else if (this.#socket.isPaused) this.#socket.resume();
  }

  #release(): void {
    if (this.#throttleTimer !== null) clearTimeout(this.#throttleTimer);
    this.#throttleTimer = null;
    this.#isLookingUp = false;
    this.#tasks.close();
    // The client's close frame must still be read.
    this.#read();
  }
}
