import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const REPEAT_MS = 1_000;
// A closed terminal is a reason to stop in good order.
const FORWARDED = { SIGINT: 'SIGINT', SIGTERM: 'SIGTERM', SIGHUP: 'SIGTERM' };

/**
 * Runs Node with our terminal and resolves with its exit code; what we are told to do, it is told
 * once. It has a process group of its own, because for one Ctrl-C a group member gets a signal
 * from the terminal and another from npm, and a second one means "at once, in whatever order".
 */
export function runChild(args, options) {
  const child = spawn(process.execPath, args, { ...options, stdio: 'inherit', detached: true });

  let forwardedAt = -Infinity;
  for (const [signal, forwarded] of Object.entries(FORWARDED)) {
    process.on(signal, () => {
      if (performance.now() - forwardedAt < REPEAT_MS) return;
      forwardedAt = performance.now();
      child.kill(forwarded);
    });
  }
  process.on('exit', () => child.kill('SIGTERM'));

  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
