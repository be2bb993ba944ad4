import { readFileSync } from 'node:fs';

const POLL_MS = 500;

/**
 * Calls `stop` once when the `npm` that runs this script has ended without a signal to the script. npm
 * forwards a signal only to its shell, which ends and leaves the script running; a killed npm leaves
 * the shell running, too. A script that was started directly may outlive its terminal.
 */
export function onOrphaned(stop) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const shell = process.ppid;
  const npm = parentOf(shell);
  const timer = setInterval(() => {
    if (process.ppid === shell && parentOf(shell) === npm) return;
    clearInterval(timer);
    stop();
  }, POLL_MS);
  timer.unref();
}

/** The parent of a process on Linux; undefined on other systems. */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in brackets may contain spaces, so the fields are counted after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
  } catch {
    return undefined;
  }
}
