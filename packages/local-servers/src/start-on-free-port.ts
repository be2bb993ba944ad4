import { freePort } from './free-port.ts';

const ATTEMPTS_MAX = 5;

/**
 * Starts a server on the preferred port or the next free one. Another program may take the port
 * between the check and the start; then the next port is tried.
 */
export async function startOnFreePort<T>(
  preferred: number,
  start: (port: number) => Promise<T>,
): Promise<{ server: T; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(preferred);
    try {
      return { server: await start(port), port };
    } catch (error) {
      const wasTaken = String(error).includes('ddress already in use');
      if (!wasTaken || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}
