import type { ServerResponse } from 'node:http';

import type { TaskEvent } from '@runfleet/protocol';

import type { Connection, EndReason } from './connection.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { FollowedTask } from './render-frame.ts';
import type { Sink } from './sink.ts';
import { StallDetector } from './stall-detector.ts';
import type { SubscriptionOptions } from './subscription-options.ts';
import type { SubscriptionHandle, SubscriptionEnd } from './task-feeds.ts';

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'access-control-allow-origin': '*',
  // A buffering proxy would hold the response back until the task has ended.
  'x-accel-buffering': 'no',
};
const NEWLINES = Buffer.from('\n\n');
const HEARTBEAT = ': alive\n\n';

/** One task's events as server-sent events. Each has its seq as `id`, so a browser resumes automatically. */
export class EventStream implements Connection, Sink {
  readonly kind = 'stream';
  readonly address: string;
  readonly #ctx: GatewayContext;
  readonly #response: ServerResponse;
  readonly #subscription: SubscriptionHandle;
  readonly #stall: StallDetector;
  #heartbeatAtMs: number;

  constructor(
    ctx: GatewayContext,
    client: { response: ServerResponse; address: string },
    task: FollowedTask,
    options: SubscriptionOptions,
  ) {
    const { response, address } = client;
    this.#ctx = ctx;
    this.address = address;
    this.#response = response;
    this.#stall = new StallDetector(ctx.limits);
    this.#heartbeatAtMs = performance.now() + ctx.limits.sweepMs;
    this.#subscription = ctx.feeds.subscribe(task, options, this, (end) => this.#finish(end));
    response.on('drain', () => this.#subscription.pump());
    response.on('close', () => this.#subscription.end());
    // `close` follows an error.
    response.on('error', () => {});
  }

  start(): void {
    this.#subscription.pump();
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

  check(nowMs: number): void {
    if (this.#stall.isStalled(this.bufferedBytes, nowMs)) return this.end('slow');
    if (nowMs < this.#heartbeatAtMs || this.#response.writableNeedDrain) return;
    this.#heartbeatAtMs = nowMs + this.#ctx.limits.pingIntervalMs;
    this.#open();
    this.#response.write(HEARTBEAT);
  }

  end(reason: EndReason): void {
    this.#ctx.metrics.connectionEnded(reason);
    this.#subscription.end();
    // The browser reconnects automatically with the id of its last event.
    if (reason === 'stopping' && this.#response.headersSent) this.#response.end();
    else this.#response.destroy();
  }

  destroy(): void {
    this.end('dead');
  }

  #open(): void {
    if (!this.#response.headersSent) this.#response.writeHead(200, HEADERS);
  }

  #finish(end: SubscriptionEnd): void {
    if (end === 'failed') return this.end('unavailable');
    // A browser reconnects even after the last event; 204 stops it.
    if (!this.#response.headersSent) this.#response.writeHead(204, HEADERS);
    this.#response.end();
  }
}
