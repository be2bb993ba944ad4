/** Real processes of each role with the echo engine, shared by the tests of a file, and raw calls. */
import { migrateDb } from '@runfleet/db';
import { startOwnPostgres, startOwnRedis } from '@runfleet/testing';
import { afterAll, beforeAll } from 'vitest';

import { PATIENCE_MS } from '../../patience.ts';
import { Fleet, type FleetOptions } from '../fleet.ts';

/** A fleet that starts before the tests of this file; read it within a test. */
export function sharedFleet(options: Pick<FleetOptions, 'env' | 'roles'> = {}): { fleet: Fleet } {
  const servers: AsyncDisposable[] = [];
  const shared: { fleet?: Fleet } = {};
  beforeAll(async () => {
    const [postgres, redis] = await Promise.all([startOwnPostgres(), startOwnRedis()]);
    servers.push(postgres, redis);
    await migrateDb(postgres.url);
    shared.fleet = await Fleet.start({
      databaseUrl: postgres.url,
      redisUrl: redis.url,
      ...options,
    });
  }, PATIENCE_MS);
  afterAll(async () => {
    await shared.fleet?.[Symbol.asyncDispose]();
    for (const server of servers) await server[Symbol.asyncDispose]();
  }, PATIENCE_MS);
  return {
    get fleet() {
      if (!shared.fleet) throw new Error('The fleet has not started.');
      return shared.fleet;
    },
  };
}

type Body = {
  result?: boolean;
  errors?: { code: number; message: string }[];
  taskid?: string;
  socketaccesstoken?: string;
  tasklist?: Record<string, unknown>[];
  stat?: Record<string, string>;
};
export type Reply = { status: number; headers: Headers; text: string; body: Body };

/** Sends a POST as a client without an SDK does, with the fleet's key unless `headers` has credentials. */
export async function post(
  fleet: Fleet,
  path: string,
  { body = {}, headers }: { body?: unknown; headers?: Readonly<Record<string, string>> } = {},
): Promise<Reply> {
  const { apiKey, apiSecret } = fleet.key;
  const response = await fetch(`${fleet.apiUrl()}/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}:${apiSecret}`, ...headers },
    body: typeof body === 'string' || body instanceof FormData ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  const parsed = isJson ? (JSON.parse(text) as Body) : {};
  return { status: response.status, headers: response.headers, text, body: parsed };
}

export type Sse = { event: string; data: Record<string, unknown> };

/** The named events of a stream; comments are left out. */
export function eventsIn(text: string): Sse[] {
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('event: '))
    .map((block) => {
      const [event = '', data = ''] = block.split('\n');
      return {
        event: event.slice('event: '.length),
        data: JSON.parse(data.slice('data: '.length)) as Sse['data'],
      };
    });
}
