/** For tests and measurements of callbacks: receivers on loopback, and deliveries to them. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { type AddressInfo, BlockList } from 'node:net';
import { text } from 'node:stream/consumers';

import type { Db } from '@runfleet/db';

type Received = { path: string; headers: IncomingHttpHeaders; body: string };

/** Answers a delivery; `nth` counts from 1. */
export type Receive = (response: ServerResponse, nth: number, received: Received) => void;

/** A server on every address of loopback that answers as `receive` does, 200 by default, and keeps what it got. */
export async function startReceiver(receive: Receive = (response) => void response.end()) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ path: request.url ?? '', headers: request.headers, body });
      const last = received.at(-1);
      if (last) receive(response, received.length, last);
    });
  });
  await new Promise<void>((ready) => server.listen(0, '0.0.0.0', ready));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    /** The same server as another origin; `n` is from 0 to 199. */
    urlOf: (n: number) => `http://127.0.0.${n + 2}:${port}/hook`,
    received,
    ids: () => received.map(({ headers }) => String(headers['webhook-id'])),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

export const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');

export const BODY = '{"total":"1","errors":[],"tasklist":[],"result":true}';

/** The deliveries of a task, or all. */
export async function deliveriesOf(db: Db, taskId?: string) {
  return db.sql<
    {
      id: string;
      event: string;
      state: string;
      attempts: number;
      failures: number;
      dueAt: bigint;
    }[]
  >`
    select id, event, state, attempts, failures, due_at as "dueAt" from callback_deliveries
    ${taskId === undefined ? db.sql`` : db.sql`where task_id = ${taskId}`} order by created_at, id`;
}

/** Writes a delivery that is due for each address, as the commits that end tasks do. */
export async function insertDeliveries(
  db: Db,
  { organisationId, projectId }: { organisationId: string; projectId: string },
  urls: readonly string[],
): Promise<string[]> {
  const targets = urls.map((url) => `${organisationId} ${new URL(url).origin}`);
  const rows = await db.sql<{ id: string }[]>`
    insert into callback_deliveries
      (organisation_id, project_id, event, url, target, due_at, created_at)
    select ${organisationId}, ${projectId}, 'test', url, target, now(), now()
    from unnest(${urls}::text[], ${targets}::text[]) as made(url, target)
    returning id`;
  return rows.map(({ id }) => id);
}

export async function countOpen(db: Db): Promise<number> {
  const [row] = await db.sql<{ count: string }[]>`
    select count(*) as count from callback_deliveries where state = 'open'`;
  return Number(row?.count);
}
