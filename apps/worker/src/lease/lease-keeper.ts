import { Worker } from 'node:worker_threads';

import type { Logger } from '@runfleet/service';

import { LeaseBoard } from './lease-board.ts';
import type { LeaseNotice, LeaseThreadInput, LeaseTiming } from './lease-messages.ts';

const TIMING = {
  /** How often the thread checks the board. */
  checkEveryMs: 2_500,
  /** The main thread renews every 5 s; after this time it counts as late. */
  lateMs: 6_000,
  /**
   * A main thread that stalls for longer loses its lease: it cannot be told from one that hangs.
   */
  stallMsMax: 30_000,
  waitMs: 600_000,
} as const satisfies LeaseTiming;

/**
 * A thread with its own connection that keeps the worker's lease alive while the main thread is
 * late to renew it, up to a bound: an input that takes seconds to compile must not cost the worker
 * all its runs. A worker whose lease is only kept alive gets no new tasks.
 */
export class LeaseKeeper implements AsyncDisposable {
  readonly #board = new LeaseBoard();
  readonly #thread: Worker;

  constructor(options: {
    databaseUrl: string;
    workerId: string;
    logger: Logger;
    timing?: LeaseTiming;
    onNotice?: (notice: LeaseNotice) => void;
  }) {
    const { databaseUrl, workerId, logger, timing = TIMING, onNotice } = options;
    const level = logger.level as LeaseThreadInput['level'];
    const input: LeaseThreadInput = {
      databaseUrl,
      workerId,
      level,
      timing,
      board: this.#board.buffer,
    };
    this.#thread = new Worker(new URL('./lease-thread-entry.mjs', import.meta.url), {
      name: 'lease',
      workerData: input,
      // The thread registers its own loader; the main program's flags do not apply.
      execArgv: [],
    });
    // Not fatal: the main thread still renews the lease.
    this.#thread.on('error', (err) => {
      logger.error({ err }, 'the lease thread failed');
    });
    if (onNotice) this.#thread.on('message', onNotice);
  }

  /** To be called when the main thread has registered or renewed its lease. */
  renewed(generation: number): void {
    this.#board.renewed(generation);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate();
  }
}
