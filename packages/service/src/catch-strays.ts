import type { Logger } from './logger.ts';

const METHODS = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const;

/**
 * Logs what libraries and Node.js would print to the terminal, without the values, which may be
 * personal. Returns a function that undoes it.
 */
export function catchStrays(logger: Logger): () => void {
  const own = METHODS.map((method) => [method, console[method]] as const);
  for (const method of METHODS) {
    console[method] = (...values: unknown[]) => {
      const err = values.find((value) => value instanceof Error);
      logger.warn({ method, err }, 'a library wrote to the console');
    };
  }
  // Node.js prints warnings unless there is a listener.
  const printers = process.listeners('warning');
  const onWarning = (err: Error) => logger.warn({ err }, 'Node.js warning');
  process.removeAllListeners('warning').on('warning', onWarning);

  return () => {
    for (const [method, write] of own) console[method] = write;
    process.off('warning', onWarning);
    for (const print of printers) process.on('warning', print);
  };
}
