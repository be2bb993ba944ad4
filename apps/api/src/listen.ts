import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const GRACE_MS = 10_000;
const SWEEP_MS = 20;
const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '::1', '0.0.0.0', '::'];

/** Listens; returns the URL and the origins that a browser on this machine may use for it. */
export async function listen(
  server: Server,
  { host, port }: { host: string; port: number },
): Promise<{ url: string; origins: string[] }> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explain(error, { host, port })));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const urlOf = (name: string) =>
    `http://${name.includes(':') ? `[${name}]` : name}:${address.port}`;
  const origins = LOOPBACK.includes(host) ? [urlOf('127.0.0.1'), urlOf('localhost')] : [];
  return { url: urlOf(host), origins: [urlOf(host), ...origins] };
}

/** Accepts no more connections and lets the answers in flight finish, for 10 s at most. */
export async function stopListening(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  // A kept-alive connection becomes idle after its last answer, and no event reports it.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(timer);
}

function explain(error: Error, { host, port }: { host: string; port: number }): Error {
  const isTaken = 'code' in error && error.code === 'EADDRINUSE';
  const message = isTaken
    ? `Port ${port} on ${host} is taken. Free it, or set API_PORT to another one.`
    : `The API cannot listen on ${host}:${port}: ${error.message}`;
  return new Error(message, { cause: error });
}
