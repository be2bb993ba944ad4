import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';

import { expect, test } from 'vitest';

import { bringPostgres } from './bring-postgres.ts';
import { freePort } from './free-port.ts';

const OPTIONS = { dataDir: tmpdir(), ephemeral: true, onProgress: () => {} };

test('the error for a given server that does not answer names the setting', async () => {
  const givenUrl = `postgres://user:secret@127.0.0.1:${await freePort(0)}/runfleet`;
  await expect(bringPostgres({ ...OPTIONS, givenUrl })).rejects.toThrow(
    /^No PostgreSQL answers at postgres:\/\/user@127.* DATABASE_URL/,
  );
});

test('a server that answers but is not PostgreSQL is refused', async () => {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const port = await freePort(0);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  const givenUrl = `postgres://127.0.0.1:${port}/runfleet`;
  await expect(bringPostgres({ ...OPTIONS, givenUrl })).rejects.toThrow('is not PostgreSQL');
  server.close();
});
