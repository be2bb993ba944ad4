import { catchStrays } from './catch-strays.ts';
import type { Logger } from './logger.ts';

const GRACE_MS = 30_000;
const FAILED_MS = 10_000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs a process from start to stop. Resolves after a clean stop; rejects when `start` or the
 * disposal fails, and after a stop because of an uncaught error, with the reason logged.
 *
 * SIGINT and SIGTERM abort the signal that `start` got, then dispose what it returned. An uncaught
 * error does the same with exit code 1, because the process's memory can no longer be trusted. A
 * second signal, or a stop that takes longer than `graceMs`, exits at once with 1, and so does a
 * process that has stopped or failed but is kept alive by an open resource.
 */
export async function runService(options: {
  role: string;
  logger: Logger;
  graceMs?: number;
  start(signal: AbortSignal): Promise<AsyncDisposable>;
}): Promise<void> {
  const { logger, role, graceMs = GRACE_MS } = options;
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve(), { once: true });
  });

  const stop = (reason: string) => {
    if (stopping.signal.aborted) return exitNow(`${reason} while stopping`);
    logger.info({ reason, graceMs }, `${role} is stopping`);
    exitAfter(graceMs, `not stopped within ${graceMs} ms`);
    stopping.abort(new Error(`${role} was asked to stop: ${reason}.`));
  };
  const exitNow = (reason: string) => {
    logger.fatal({ reason }, `${role} exits before it has stopped`);
    process.exit(1);
  };
  const exitAfter = (ms: number, reason: string) => {
    setTimeout(() => exitNow(reason), ms).unref();
  };
  const uncaught: unknown[] = [];
  const onError = (err: unknown) => {
    logger.fatal({ err }, `${role} has an uncaught error`);
    process.exitCode = 1;
    if (uncaught.length === 0) uncaught.push(err);
    if (!stopping.signal.aborted) stop('uncaught error');
  };

  const release = catchStrays(logger);
  for (const signal of SIGNALS) process.on(signal, stop);
  process.on('uncaughtException', onError);
  process.on('unhandledRejection', onError);
  try {
    const service = await options.start(stopping.signal);
    if (!stopping.signal.aborted) logger.info(`${role} is running`);
    await stopped;
    await service[Symbol.asyncDispose]();
    logger.info(`${role} has stopped`);
  } catch (err) {
    if (!stopping.signal.aborted || err !== stopping.signal.reason) {
      logger.error({ err }, `${role} failed`);
      process.exitCode = 1;
      exitAfter(Math.min(graceMs, FAILED_MS), 'kept alive by what it opened before it failed');
      throw err;
    }
    logger.info(`${role} stopped before it had started`);
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
    process.off('uncaughtException', onError);
    process.off('unhandledRejection', onError);
    release();
  }
  if (uncaught.length > 0) throw uncaught[0];
}
