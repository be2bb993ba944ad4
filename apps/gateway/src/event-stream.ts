import type { ServerResponse } from 'node:http';

import type { TaskEvent } from '@runfleet/protocol';

import type { Connection, EndReason } from './connection.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { Outlet, Wish } from './outlet.ts';
import type { FollowedTask } from './render-frame.ts';
import { StallWatch } from './stall-watch.ts';
import type { Watch, WatchEnd } from './task-feeds.ts';

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'access-control-allow-origin': '*',
  // A proxy that collects the answer would hold it back until the task has ended.
  'x-accel-buffering': 'no',
};
const NEWLINES = Buffer.from('\n\n');
const HEARTBEAT = ': alive\n\n';

/** One task's events as server-sent events. Each has its seq as `id`, so a browser resumes by itself. */
export class EventStream implements Connection, Outlet {
  readonly kind = 'stream';
  readonly address: string;
  readonly #ctx: GatewayContext;
  readonly #response: ServerResponse;
  readonly #watch: Watch;
  readonly #stall: StallWatch;
  #heartbeatAtMs: number;

  constructor(
    ctx: GatewayContext,
    client: { response: ServerResponse; address: string },
    task: FollowedTask,
    wish: Wish,
  ) {
    const { response, address } = client;
    this.#ctx = ctx;
    this.address = address;
    this.#response = response;
    this.#stall = new StallWatch(ctx.limits);
    this.#heartbeatAtMs = performance.now() + ctx.limits.sweepMs;
    this.#watch = ctx.feeds.watch(task, wish, this, (end) => this.#finish(end));
    response.on('drain', () => this.#watch.pump());
    response.on('close', () => this.#watch.end());
    // `close` follows.
    response.on('error', () => {});
  }

  start(): void {
    this.#watch.pump();
  }

  get bufferedBytes(): number {
    return this.#response.writableLength;
  }

  hasRoomFor(): boolean {
    return !this.#response.writableNeedDrain;
  }

  send(frame: Buffer, type: TaskEvent['type'], seq: number): void {
    this.#ctx.metrics.frameSent(type, frame.length);
    this.#open();
    const head = Buffer.from(`id: ${seq}\ndata: `);
    this.#response.write(Buffer.concat([head, frame, NEWLINES]));
  }

  lookAfter(nowMs: number): void {
    if (this.#stall.isStalled(this.bufferedBytes, nowMs)) return this.end('slow');
    if (nowMs < this.#heartbeatAtMs || this.#response.writableNeedDrain) return;
    this.#heartbeatAtMs = nowMs + this.#ctx.limits.pingIntervalMs;
    this.#open();
    this.#response.write(HEARTBEAT);
  }

  end(reason: EndReason): void {
    this.#ctx.metrics.connectionEnded(reason);
    this.#watch.end();
    // The browser comes again by itself and says where it was.
    if (reason === 'stopping' && this.#response.headersSent) this.#response.end();
    else this.#response.destroy();
  }

  destroy(): void {
    this.end('dead');
  }

  #open(): void {
    if (!this.#response.headersSent) this.#response.writeHead(200, HEADERS);
  }

  #finish(end: WatchEnd): void {
    if (end === 'failed') return this.end('unavailable');
    // A browser that has everything comes again, and this answer ends that.
    if (!this.#response.headersSent) this.#response.writeHead(204, HEADERS);
    this.#response.end();
  }
}
