import { Socket } from 'node:net';

/** The descriptor of a pipe that the process which started this one holds open. */
const STARTER_FD = 'RUNFLEET_STARTER_FD';

/**
 * Stops this process when the one that started it has ended, in whatever way: the system closes the
 * pipe between them then. Nothing happens where no starter has made such a pipe.
 */
export function endWithStarter(env: Record<string, string | undefined>): void {
  const fd = Number(env[STARTER_FD]);
  // What this process starts has no such pipe.
  delete env[STARTER_FD];
  if (!Number.isSafeInteger(fd) || fd < 3) return;
  const pipe = new Socket({ fd, readable: true, writable: false });
  pipe.on('error', () => {});
  pipe.on('close', () => process.kill(process.pid, 'SIGTERM'));
  pipe.resume().unref();
}
