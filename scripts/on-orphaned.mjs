import { readFileSync } from 'node:fs';

const LOOK_MS = 500;

/**
 * Calls `stop` once when the `npm` that runs this script has ended without telling it. npm passes a
 * signal to its shell alone, which ends and leaves the script behind; killed, npm leaves the shell,
 * too. A script that was started by hand may outlive its terminal.
 */
export function onOrphaned(stop) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const shell = process.ppid;
  const npm = parentOf(shell);
  const timer = setInterval(() => {
    if (process.ppid === shell && parentOf(shell) === npm) return;
    clearInterval(timer);
    stop();
  }, LOOK_MS);
  timer.unref();
}

/** Where the system tells: on Linux. */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in brackets may hold spaces, so the fields are counted from behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
  } catch {
    return undefined;
  }
}
