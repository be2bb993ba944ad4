/**
 * Tickets: the notes that tell a worker of an assignment. They travel through one BullMQ queue per
 * worker, all that a broker has for the worker in one job. A job is done once its tickets' accepts
 * are committed or refused, never held for the length of a run, so a queue's active list stays near
 * zero. The interface is narrow so that another transport can take its place.
 */
import { Queue, Worker } from 'bullmq';

import { connectFailFast, connectPatient, type OnError } from './connect.ts';
import { inboxName } from './keys.ts';

export type Ticket = { taskId: string; epoch: number };

export type TicketTransport = AsyncDisposable & {
  /** Rejects while Redis is away; the accept deadline then takes the tasks back. */
  send(workerId: string, tickets: readonly Ticket[]): Promise<void>;
  /** Calls `accept` for each ticket of a worker. A ticket may come twice, or late. */
  receive(workerId: string, accept: (ticket: Ticket) => Promise<void>): AsyncDisposable;
  /** Forgets a worker that will not come back. */
  discard(workerId: string): Promise<void>;
};

const JOBS_AT_ONCE = 64;
const EVENTS_KEPT = 100;

type Tickets = readonly Ticket[];

export function openTicketTransport(options: { url: string; onError?: OnError }): TicketTransport {
  const onError = options.onError ?? (() => {});
  const connection = connectFailFast(options.url, onError);
  const queues = new Map<string, Queue<Tickets>>();

  const queueOf = (workerId: string) => {
    const known = queues.get(workerId);
    if (known) return known;
    const queue = new Queue<Tickets>(inboxName(workerId), {
      connection,
      streams: { events: { maxLen: EVENTS_KEPT } },
    });
    queue.on('error', onError);
    queues.set(workerId, queue);
    return queue;
  };

  return {
    async send(workerId, tickets) {
      await queueOf(workerId).add('tickets', tickets, {
        removeOnComplete: true,
        removeOnFail: true,
      });
    },

    receive(workerId, accept) {
      const blocking = connectPatient(options.url, onError);
      const worker = new Worker<Tickets>(
        inboxName(workerId),
        async (job) => {
          await Promise.all(job.data.map(accept));
        },
        { connection: blocking, concurrency: JOBS_AT_ONCE, drainDelay: 2 },
      );
      worker.on('error', onError);
      return {
        [Symbol.asyncDispose]: async () => {
          await worker.close(true);
          blocking.disconnect();
        },
      };
    },

    async discard(workerId) {
      await queueOf(workerId).obliterate({ force: true });
      await queues.get(workerId)?.close();
      queues.delete(workerId);
    },

    async [Symbol.asyncDispose]() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      connection.disconnect();
    },
  };
}
