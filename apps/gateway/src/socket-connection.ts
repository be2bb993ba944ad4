import type { Duplex } from 'node:stream';

import type { TaskEvent } from '@runfleet/protocol';
import { RateLimiter } from '@runfleet/service';
import type { RawData, WebSocket } from 'ws';

import type { Connection, EndReason } from './connection.ts';
import type { GatewayContext } from './gateway-context.ts';
import { CONNECTED_FRAME, errorFrame } from './render-frame.ts';
import { resumeReason } from './resume-reason.ts';
import { type SocketOutlet, SocketTasks } from './socket-tasks.ts';
import { StallWatch } from './stall-watch.ts';
import { parseUpstream } from './upstream.ts';

/** 1001, 1008, 1013: RFC 6455 and its registry. 4008: ours, a slow consumer. */
const CLOSE_CODES = {
  stopping: 1001,
  unregistered: 1008,
  guessing: 1008,
  unauthorized: 1008,
  unavailable: 1013,
  slow: 4008,
} as const;

// One object for all: the send path makes none of its own.
const TEXT = { binary: false } as const;

/** One client's socket. It is the outlet of the tasks whose tokens the client shows. */
export class SocketConnection implements Connection, SocketOutlet {
  readonly kind = 'socket';
  readonly address: string;
  readonly #ctx: GatewayContext;
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #tasks: SocketTasks;
  readonly #stall: StallWatch;
  readonly #frames: RateLimiter;
  readonly #registerByMs: number;
  #isLookingUp = false;
  #isTooFast: NodeJS.Timeout | null = null;
  #isHeldBack = false;
  #isCorked = false;
  /** As it was when the outlet was last asked for room, which is right before each `send`. */
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
    this.#stall = new StallWatch(limits);
    const { framesPerSecond: perSecond, framesBurst: burst } = limits;
    this.#frames = new RateLimiter({ perSecond, burst, keysMax: 1 });
    const nowMs = performance.now();
    this.#pingAtMs = nowMs + limits.pingIntervalMs;
    this.#registerByMs = nowMs + limits.registerMs;
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    // `ws` answers it, so each costs a write.
    socket.on('ping', () => this.#countFrame());
    socket.on('pong', () => {
      this.#missedPongs = 0;
      this.#countFrame();
    });
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

  sendError(frame: Buffer): void {
    this.#socket.send(frame, TEXT);
  }

  holdBack(isHeld: boolean): void {
    this.#isLookingUp = isHeld;
    this.#read();
  }

  lookAfter(nowMs: number): void {
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
    const { places } = this.#tasks;
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
    this.#tasks.pumpAll();
  };

  #receive(data: RawData, isBinary: boolean): void {
    this.#countFrame();
    if (isBinary || this.#socket.readyState !== this.#socket.OPEN) return;
    // `ws` hands over Buffers unless told otherwise.
    const frame = parseUpstream((data as Buffer).toString());
    if (frame === null) return;
    if (frame.type === 'task_info') this.#tasks.follow(frame.token, frame.wish);
    else if (frame.type === 'bad-token') this.#tasks.refuse();
    else this.sendError(errorFrame('task_info-invalid', frame.token));
  }

  /** Frames beyond the client's rate wait in the network; those that were read with this one do not. */
  #countFrame(): void {
    const waitMs = this.#frames.take('');
    if (waitMs === 0 || this.#isTooFast !== null) return;
    this.#isTooFast = setTimeout(() => {
      this.#isTooFast = null;
      this.#read();
    }, waitMs);
    this.#read();
  }

  /** Reads from the client, or stops to. */
  #read(): void {
    if (this.#isLookingUp || this.#isTooFast !== null) this.#socket.pause();
    else if (this.#socket.isPaused) this.#socket.resume();
  }

  #letGo(): void {
    if (this.#isTooFast !== null) clearTimeout(this.#isTooFast);
    this.#isTooFast = null;
    this.#isLookingUp = false;
    this.#tasks.letGo();
    // The client's answer to a close has to be read.
    this.#read();
  }
}
