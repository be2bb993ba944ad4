import { once } from 'node:events';

import { connectToServer } from './connect-to-server.ts';
import type { LocalServer } from './local-server.ts';
import { addressOf } from './loopback-host.ts';
import { parseServerUrl, withoutPassword } from './server-url.ts';

const ANSWER_MS = 5_000;
// The request for TLS: eight bytes that every PostgreSQL answers with S or N before authentication.
const TLS_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** The server at the URL, if a PostgreSQL answers there. The credentials are not checked. */
export async function checkPostgres(url: string): Promise<LocalServer> {
  const parsed = parseServerUrl(url, ['postgres:', 'postgresql:'], 'DATABASE_URL');
  const shown = withoutPassword(parsed);
  const answer = await ask(parsed).catch((cause: Error) => {
    throw new Error(
      `No PostgreSQL answers at ${shown} (${cause.message}). Start it, or correct DATABASE_URL, or ` +
        'unset it to let Runfleet start one.',
      { cause },
    );
  });
  if (answer !== 'S' && answer !== 'N' && answer !== 'E') {
    throw new Error(`The server at ${shown} is not PostgreSQL. Correct DATABASE_URL.`);
  }
  return {
    url,
    how: `PostgreSQL at ${shown}, from DATABASE_URL`,
    [Symbol.asyncDispose]: async () => {},
  };
}

async function ask(url: URL): Promise<string> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const port = Number(url.port || 5432);
  const socketFolder = url.searchParams.get('host');
  const place = socketFolder?.startsWith('/')
    ? { path: `${socketFolder}/.s.PGSQL.${port}` }
    : { host: await addressOf(url), port };
  const socket = await connectToServer(place, { isTls: false, signal });
  try {
    socket.write(TLS_REQUEST);
    const [bytes] = (await once(socket, 'data', { signal })) as [Buffer];
    return bytes.toString('latin1', 0, 1);
  } finally {
    socket.destroy();
  }
}
