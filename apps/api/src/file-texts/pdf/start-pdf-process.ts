import { type ChildProcess, fork } from 'node:child_process';

import { FileTextError } from '../file-text-error.ts';
import type { PdfCall, PdfLimits, PdfReport } from './pdf-messages.ts';

export type ProcessLimits = {
  /** From the start of the process. */
  readonly ms: number;
  readonly residentBytes: number;
};

/** A small file takes 105 MiB, and 158 pages with 833,000 characters take 145 MiB. */
const PROCESS_LIMITS: ProcessLimits = { ms: 20_000, residentBytes: 512 * 2 ** 20 };
/** The process kills itself a little later than its parent, which can say why. */
const OWN_MS = 1_000;
const ENTRY = new URL('./pdf-process-entry.mjs', import.meta.url);

/**
 * Reads a PDF in a new process, which ends with it. Rejects with `FileTextError` for a file without a
 * readable text, or one that reaches a limit, and with `signal`'s reason.
 */
export async function readPdfInProcess(
  bytes: Uint8Array,
  limits: PdfLimits,
  { signal, process: { ms, residentBytes } = PROCESS_LIMITS, entry = ENTRY }: Options,
): Promise<string> {
  const child = fork(entry, [`${residentBytes}`, `${ms + OWN_MS}`], {
    serialization: 'advanced',
    execArgv: [`--max-old-space-size=${residentBytes / 2 ** 21}`],
    // It reads what strangers sent, so it gets no settings, which have secrets.
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    timeout: ms,
    killSignal: 'SIGKILL',
    signal,
  });
  try {
    const report = await reportOf(child, { bytes, limits }, ms);
    if ('problem' in report) throw new FileTextError(report.problem);
    return report.text;
  } finally {
    child.kill('SIGKILL');
  }
}

type Options = {
  signal: AbortSignal;
  /** For tests. */
  process?: ProcessLimits;
  entry?: URL;
};

function reportOf(child: ChildProcess, call: PdfCall, ms: number): Promise<PdfReport> {
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    child.on('message', (message: 'ready' | PdfReport) => {
      if (message !== 'ready') resolve(message);
      // A process that has just ended takes none, and its end is the answer.
      else child.send(call, () => {});
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (performance.now() - startedMs >= ms) {
        reject(new FileTextError(`takes more than ${ms / 1_000} s to read`));
      } else if (signal === 'SIGKILL' || signal === 'SIGABRT') {
        // By its guard, by the kernel, or by V8 for its heap.
        reject(new FileTextError('takes too much memory to read'));
      } else {
        reject(new Error(`The process that read a file ended with ${code ?? signal}.`));
      }
    });
  });
}
