import { Socket } from 'node:net';

/** "PID:FD": the process that started this one, and the descriptor of a pipe that it holds open. */
const STARTER = 'RUNFLEET_STARTER';

/**
 * Stops this process when its starter has ended in any way: the system then closes the pipe between
 * them. Does nothing if the starter made no pipe, or if the variable was inherited from another process.
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
