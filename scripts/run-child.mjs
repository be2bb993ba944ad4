import { spawn } from 'node:child_process';
import { constants } from 'node:os';

import { onOrphaned } from './on-orphaned.mjs';

const REPEAT_MS = 1_000;
// A closed terminal (SIGHUP) causes an orderly stop.
const FORWARDED = { SIGINT: 'SIGINT', SIGTERM: 'SIGTERM', SIGHUP: 'SIGTERM' };
const STARTER_FD = 3;

/**
 * Runs Node in our terminal and resolves with its exit code. Signals are forwarded once: the child has
 * its own process group, because for one Ctrl-C a group member gets a signal from the terminal and
 * another from npm, and a second signal means an immediate stop. The child also stops when this process
 * ends in any way, because the system then closes the pipe that this process holds.
 */
export function runChild(args, options) {
  const child = spawn(process.execPath, args, {
    ...options,
    env: { ...options.env, RUNFLEET_STARTER: `${process.pid}:${STARTER_FD}` },
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    detached: true,
  });
  const pipe = child.stdio[STARTER_FD];
  // The other end may be closed first.
  pipe.on('error', () => {});
  pipe.unref();

  let forwardedAt = -Infinity;
  for (const [signal, forwarded] of Object.entries(FORWARDED)) {
    process.on(signal, () => {
      if (performance.now() - forwardedAt < REPEAT_MS) return;
      forwardedAt = performance.now();
      child.kill(forwarded);
    });
  }
  onOrphaned(() => child.kill('SIGTERM'));
  process.on('exit', () => child.kill('SIGTERM'));

  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
