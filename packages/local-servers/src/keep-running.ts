import type { StartedServer } from './local-server.ts';

const RESTARTS_MAX = 3;
const WINDOW_MS = 60_000;

/**
 * Starts a server again when it exits, for example because the system killed it for its memory.
 * Resolves when the server has been stopped. Rejects if it cannot be started again, or exits for the
 * fourth time within a minute.
 */
export async function keepRunning(
  server: Pick<StartedServer, 'untilExit' | 'restart' | 'logEnd'>,
  { name, onRestart }: { name: string; onRestart: () => void },
): Promise<void> {
  const exits: number[] = [];
  while ((await server.untilExit()) === 'crashed') {
    exits.push(performance.now());
    const isTooOften = (exits.at(-1 - RESTARTS_MAX) ?? -Infinity) > performance.now() - WINDOW_MS;
    if (isTooOften) {
      throw new Error(
        `${name} has exited ${RESTARTS_MAX + 1} times within ${WINDOW_MS / 1000} s: ${await server.logEnd()}`,
      );
    }
    onRestart();
    await server.restart();
  }
}
