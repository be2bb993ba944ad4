import { Worker } from 'node:worker_threads';

import type { Logger } from '@runfleet/service';

import { LeaseBoard } from './lease-board.ts';
import type { LeaseNotice, LeaseThreadInput, LeaseTiming } from './lease-messages.ts';

const TIMING = {
  /** How often the thread looks. */
  lookEveryMs: 2_500,
  /** The main thread renews every 5 s; after this it is late. */
  lateMs: 6_000,
  /** A main thread that stalls for longer loses its lease: nobody can tell it from one that hangs. */
  stallMsMax: 30_000,
  waitMs: 600_000,
} as const satisfies LeaseTiming;

/**
 * A thread with a connection of its own that keeps the worker's lease while the main thread is late to
 * renew it, up to a bound: an input that takes seconds to compile must not cost the worker and all its
 * runs. A kept lease brings no new tasks.
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
      // The main program's flags are not for this thread: it brings its own loader.
      execArgv: [],
    });
    // The main thread renews the lease all the same.
    this.#thread.on('error', (err) => {
      logger.error({ err }, 'the thread that keeps the lease has failed');
    });
    if (onNotice) this.#thread.on('message', onNotice);
  }

  /** The main thread registered, or renewed its lease. */
  renewed(generation: number): void {
    this.#board.renewed(generation);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate();
  }
}
