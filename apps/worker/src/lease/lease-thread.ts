import { setTimeout as delay } from 'node:timers/promises';
// The lease thread. It shares only the board with the main thread, and writes its own log lines,
// because a stalled main thread would delay them.
import { parentPort, workerData } from 'node:worker_threads';

import { openDb } from '@runfleet/db';
import { createLogger } from '@runfleet/service';
import { keepLease, openTaskStore } from '@runfleet/tasks';

import { LeaseBoard } from './lease-board.ts';
import type { LeaseNotice, LeaseThreadInput } from './lease-messages.ts';

const input: LeaseThreadInput = workerData;
const { databaseUrl, workerId: id, timing } = input;
const logger = createLogger({ role: 'worker', level: input.level });
const board = new LeaseBoard(input.board);
const notify = (notice: LeaseNotice) => parentPort?.postMessage(notice);

const db = await openDb(databaseUrl, {
  connections: 1,
  name: 'runfleet worker lease',
  waitMs: timing.waitMs,
});
const store = openTaskStore({ db, queue: null, announce: () => {} });
notify('started');

let isGivenUp = false;
for (;;) {
  await delay(timing.checkEveryMs);
  const { generation, silentMs } = board.read();
  if (generation === 0 || silentMs <= timing.lateMs) {
    isGivenUp = false;
  } else if (silentMs <= timing.stallMsMax) {
    await keep(generation, silentMs);
  } else if (!isGivenUp) {
    isGivenUp = true;
    logger.error({ workerId: id, silentMs }, 'the main thread stalls; letting the lease expire');
    notify('given up');
  }
}

async function keep(generation: number, silentMs: number): Promise<void> {
  try {
    const isKept = await keepLease({ store }, { id, generation });
    if (!isKept) return;
    logger.warn({ workerId: id, silentMs }, 'the main thread is late to renew; lease kept');
    notify('kept');
  } catch (err) {
    logger.warn({ err }, 'the lease could not be kept; retrying');
  }
}
