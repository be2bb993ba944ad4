/** A gateway for one test, and a client that records its frames. */
import { once } from 'node:events';

import { testWithDb } from '@runfleet/db/testing';
import { openAnnouncer } from '@runfleet/events';
import { type Downstream, downstreamSchema, type TaskFrame } from '@runfleet/protocol';
import { createLogger } from '@runfleet/service';
import { WebSocket } from 'ws';

import { gatewayConfig } from './config.ts';
import type { Limits } from './limits.ts';
import { startGateway } from './start-gateway.ts';

export function startTestGateway(
  servers: { databaseUrl: string; redisUrl: string },
  limits: Partial<Limits> = {},
  settings: Record<string, string> = {},
) {
  const config = gatewayConfig.parse({
    STOP_NOTICE_SECONDS: '0',
    DATABASE_URL: servers.databaseUrl,
    REDIS_URL: servers.redisUrl,
    GATEWAY_PORT: 0,
    ...settings,
  });
  return startGateway(config, { logger: createLogger({ role: 'test', level: 'error' }), limits });
}

export const testWithGateway = testWithDb
  .extend('announcer', async ({ redisUrl }, { onCleanup }) => {
    const announcer = openAnnouncer({ url: redisUrl });
    onCleanup(() => announcer[Symbol.asyncDispose]());
    return announcer;
  })
  .extend('gateway', async ({ databaseUrl, redisUrl, db }, { onCleanup }) => {
    // Depends on `db`, so that it is closed before the database is.
    void db;
    const gateway = await startTestGateway({ databaseUrl, redisUrl });
    onCleanup(() => gateway[Symbol.asyncDispose]());
    return gateway;
  });

/** A socket that records every frame; a frame that violates the protocol throws. */
export class TestClient implements AsyncDisposable {
  readonly frames: Downstream[] = [];
  readonly socket: WebSocket;
  closed: { code: number; reason: string } | null = null;
  #wake: (() => void) | null = null;

  constructor(gateway: { url: string }, path = '/v1') {
    this.socket = new WebSocket(gateway.url.replace('http', 'ws') + path);
    this.socket.on('message', (data: Buffer) => {
      this.frames.push(downstreamSchema.parse(JSON.parse(data.toString())));
      this.#wake?.();
    });
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#wake?.();
    });
    this.socket.on('error', () => {});
  }

  /** A client that has subscribed to these tasks. */
  static async watching(
    gateway: { url: string },
    ...requests: { tasktoken: string; [option: string]: unknown }[]
  ): Promise<TestClient> {
    const client = new TestClient(gateway);
    await once(client.socket, 'open');
    for (const request of requests) client.ask(request);
    return client;
  }

  ask(request: { tasktoken?: unknown; [option: string]: unknown }): void {
    this.socket.send(JSON.stringify({ type: 'task_info', ...request }));
  }

  /** The recorded frames that belong to a task. */
  get taskFrames(): TaskFrame[] {
    return this.frames.filter((frame): frame is TaskFrame => 'id' in frame);
  }

  get types(): string[] {
    return this.taskFrames.map(({ type }) => type);
  }

  /** Resolves once `isThere` returns true, or when the socket has closed. */
  async until(isThere: () => boolean): Promise<void> {
    while (!isThere() && !this.closed) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  untilType(type: string, count = 1): Promise<void> {
    return this.until(() => this.frames.filter((frame) => frame.type === type).length >= count);
  }

  async untilClosed(): Promise<{ code: number; reason: string }> {
    await this.until(() => false);
    if (!this.closed) throw new Error('The socket is still open.');
    return this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
    if (this.socket.readyState !== this.socket.CLOSED) await once(this.socket, 'close');
  }
}
