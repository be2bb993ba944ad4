/** Fixtures for tests of leaders: a broker's context, and the workers that its tasks went to. */
import { randomUUID } from 'node:crypto';

import type { Db } from '@runfleet/db';
import { openTicketTransport, type Ticket } from '@runfleet/queue';
import { createLogger, createMetrics } from '@runfleet/service';
import { openPoolReads, openTaskStore, type TaskStore } from '@runfleet/tasks';
import { phi, testWithTasks } from '@runfleet/tasks/testing';
import { eventually } from '@runfleet/testing';

import type { BrokerContext } from './context.ts';
import { brokerMetrics } from './metrics.ts';
import { PoolLeader } from './pool-leader.ts';

/** The pool of the tests' tasks. */
export const POOL = phi().pool;

const REFRESH_EVERY_MS = 100;

export const testWithBroker = testWithTasks
  .extend('tickets', ({ redisUrl }, { onCleanup }) => {
    const tickets = openTicketTransport({ url: redisUrl, kind: 'lists' });
    onCleanup(() => tickets[Symbol.asyncDispose]());
    return tickets;
  })
  .extend('broker', ({ db, store, queue, tickets }) => (): BrokerContext => ({
    brokerId: randomUUID(),
    db,
    store,
    reads: openPoolReads({ db }),
    queue,
    tickets,
    logger: createLogger({ role: 'broker', level: 'silent' }),
    metrics: brokerMetrics(createMetrics({ role: 'broker' })),
    now: () => performance.now(),
  }));

/** A leader that refreshes ten times a second. */
export function lead(ctx: BrokerContext): PoolLeader {
  const leader = new PoolLeader(ctx, { pool: POOL, refreshEveryMs: REFRESH_EVERY_MS });
  leader.start();
  return leader;
}

/** Resolves with a worker's tickets once `count` have arrived. */
export async function ticketsOf(
  ctx: BrokerContext,
  workerId: string,
  count: number,
): Promise<Ticket[]> {
  const tickets: Ticket[] = [];
  let done = () => {};
  const all = new Promise<void>((resolve) => (done = resolve));
  await using _receiver = ctx.tickets.receive(workerId, async (ticket) => {
    if (tickets.push(ticket) === count) done();
  });
  await all;
  return tickets;
}

/** Resolves with the worker of a task once it is assigned. */
export function workerOf(db: Db, taskId: string): Promise<string> {
  return eventually(async () => {
    const [row] = await db.sql<{ worker: string | null }[]>`
        select worker_id as worker from tasks where id = ${taskId}`;
    if (!row?.worker) throw new Error(`No worker has task ${taskId}.`);
    return row.worker;
  });
}

/** A store whose offers are lost, as if the api had died after its commit. */
export const withoutOffers = (db: Db): TaskStore =>
  openTaskStore({ db, queue: null, announce: () => {} });
