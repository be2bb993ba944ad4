import { Socket } from 'node:net';

/** "PID:FD": the process that started this one, and the descriptor of a pipe that it holds open. */
const STARTER = 'RUNFLEET_STARTER';

/**
 * Stops this process when the one that started it has ended, in whatever way: the system closes the
 * pipe between them then. Nothing happens where no starter has made such a pipe, or where it was made
 * for another process that has passed its environment on.
 */
export function endWithStarter(env: Record<string, string | undefined>): void {
  const [pid, fd] = (env[STARTER] ?? '').split(':').map(Number);
  delete env[STARTER];
  if (fd === undefined || pid !== process.ppid) return;
  const pipe = new Socket({ fd, readable: true, writable: false });
  pipe.on('error', () => {});
  pipe.on('close', () => process.kill(process.pid, 'SIGTERM'));
  pipe.resume().unref();
}
