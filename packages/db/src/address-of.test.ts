import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

import { expect } from 'vitest';

import { connectDb } from './connect.ts';
import { testWithDb } from './testing.ts';

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((each) => each?.address === '::1');

testWithDb.runIf(hasIpv6)(
  'a server with an IPv6 address is reached (where the machine has ::1)',
  async ({ databaseUrl }) => {
    const { hostname, port } = new URL(databaseUrl);
    const server = createServer((socket) => {
      const through = connect(Number(port), hostname.replace(/^\[|\]$/gu, ''));
      socket.on('error', () => through.destroy()).pipe(through);
      through.on('error', () => socket.destroy()).pipe(socket);
    });
    await once(server.listen(0, '::1'), 'listening');
    const url = new URL(databaseUrl);
    url.host = `[::1]:${(server.address() as { port: number }).port}`;
    {
      await using db = connectDb(url.href, { connections: 1 });
      expect(await db.sql`select 1 as one`).toEqual([{ one: 1 }]);
    }
    server.close();
  },
);
