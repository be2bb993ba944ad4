import { connectBlocking, connectFailFast, type OnError } from '@runfleet/redis';
import { Queue, Worker } from 'bullmq';

import { inboxName } from './keys.ts';
import type { Ticket, TicketTransport } from './ticket-transport.ts';

const JOBS_AT_ONCE = 64;
const EVENTS_KEPT = 100;
/** The keys of a queue expire after this time; a live worker renews those of its own queue. */
const KEPT_SECONDS = 600;
const KEEP_EVERY_MS = 60_000;
/** BullMQ's keys of a queue that outlive a job. BullMQ sets no expiry on them. */
const KEYS = [
  'meta',
  'id',
  'events',
  'marker',
  'wait',
  'active',
  'stalled',
  'stalled-check',
  'pc',
  'completed',
  'failed',
  'delayed',
  'prioritized',
  'paused',
  'limiter',
];

type Tickets = readonly Ticket[];

/**
 * Tickets as BullMQ jobs, one queue per worker. A job is done when the accepts of its tickets are
 * committed or refused. It does not stay active for the length of a run, so the active list stays
 * almost empty.
 */
export function openBullTickets(options: { url: string; onError?: OnError }): TicketTransport {
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

  const keepKeys = async (workerId: string, keys: readonly string[]) => {
    const pipeline = connection.pipeline();
    for (const key of keys) pipeline.expire(queueOf(workerId).toKey(key), KEPT_SECONDS);
    await pipeline.exec();
  };

  return {
    async send(workerId, tickets) {
      const job = await queueOf(workerId).add('tickets', tickets, {
        removeOnComplete: true,
        removeOnFail: true,
      });
      await keepKeys(workerId, job.id === undefined ? KEYS : [...KEYS, job.id]);
    },

    receive(workerId, accept) {
      const blocking = connectBlocking(options.url, onError);
      const worker = new Worker<Tickets>(
        inboxName(workerId),
        async (job) => {
          await Promise.all(job.data.map(accept));
        },
        { connection: blocking, concurrency: JOBS_AT_ONCE, drainDelay: 2 },
      );
      worker.on('error', onError);
      const keepSoon = () => void keepKeys(workerId, KEYS).catch(onError);
      worker.on('ready', keepSoon);
      // Redis deletes a list that becomes empty, with its expiry: each job may create these again.
      worker.on('active', () => void keepKeys(workerId, ['active', 'marker']).catch(onError));
      const timer = setInterval(keepSoon, KEEP_EVERY_MS);
      return {
        [Symbol.asyncDispose]: async () => {
          clearInterval(timer);
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
