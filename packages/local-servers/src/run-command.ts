import { spawn } from 'node:child_process';

import type { Account } from './server-account.ts';

const OUTPUT_CHARS_MAX = 64_000;

/**
 * Runs a program to its end and returns its stdout. Throws with the last lines of its output if it
 * fails or takes longer than `timeoutMs`.
 */
export async function runCommand(
  file: string,
  args: string[],
  options: {
    cwd: string;
    env?: Record<string, string>;
    account?: Account;
    input?: string;
    timeoutMs: number;
  },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...BARE_ENV, ...options.env },
      ...options.account,
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => (out = (out + String(chunk)).slice(-OUTPUT_CHARS_MAX)));
    child.stderr.on('data', (chunk) => (err = (err + String(chunk)).slice(-OUTPUT_CHARS_MAX)));
    child.on('error', (cause) =>
      reject(new Error(`Cannot run ${file}: ${cause.message}`, { cause })),
    );
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(out);
      const lastLines = (err.trim() || out.trim()).split('\n').slice(-6).join('\n');
      reject(new Error(`${file} failed (${signal ?? `exit ${code}`}): ${lastLines}`));
    });
    // A program that exits without reading its input closes the pipe; its exit code is enough.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** The environment of servers and their tools; it passes on no secrets. */
export const BARE_ENV = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
  LC_ALL: 'C',
  TZ: 'UTC',
};
