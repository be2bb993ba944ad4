import { createServer } from 'node:net';

import { loopbackHost } from './loopback-host.ts';

const PORTS_TRIED_MAX = 100;

/** Returns `preferred`, or the next higher port that is free on the loopback; 0 means any free port. */
export async function freePort(preferred: number): Promise<number> {
  const host = await loopbackHost();
  const last = Math.min(preferred + PORTS_TRIED_MAX, 65_535);
  for (let port = preferred; port <= last; port++) {
    const bound = await tryPort(host, port);
    if (bound !== undefined) return bound;
  }
  throw new Error(`No free port from ${preferred} to ${last}. Stop a program that listens there.`);
}

function tryPort(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      // EACCES: a port below 1024, or one that the system reserves.
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    probe.listen({ host, port, exclusive: true }, () => {
      const address = probe.address();
      const bound = typeof address === 'object' && address ? address.port : port;
      probe.close(() => resolve(bound));
    });
  });
}
