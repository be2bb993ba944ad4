import { setTimeout as delay } from 'node:timers/promises';

import { connectBlocking, connectFailFast, type OnError } from '@runfleet/redis';

import { ticketList } from './keys.ts';
import type { Ticket, TicketTransport } from './ticket-transport.ts';

const WAIT_SECONDS = 5;
/** A ticket cannot be accepted after this time; the expiry removes the tickets of dead workers. */
const KEPT_SECONDS = 60;
const RETRY_MS = 250;

/** Tickets in plain Redis lists, one per worker: a push, and a blocking pop. */
export function openListTickets(options: { url: string; onError?: OnError }): TicketTransport {
  const onError = options.onError ?? (() => {});
  const commands = connectFailFast(options.url, onError);

  return {
    async send(workerId, tickets) {
      const list = ticketList(workerId);
      const sent = commands.multi().rpush(list, JSON.stringify(tickets)).expire(list, KEPT_SECONDS);
      for (const [error] of (await sent.exec()) ?? []) if (error) throw error;
    },

    receive(workerId, accept) {
      const blocking = connectBlocking(options.url, onError);
      let isStopping = false;
      const popAll = async () => {
        while (!isStopping) {
          try {
            const [, tickets = '[]'] =
              (await blocking.blpop(ticketList(workerId), WAIT_SECONDS)) ?? [];
            // Not awaited: the next tickets may be received while these are being accepted.
            Promise.all((JSON.parse(tickets) as Ticket[]).map(accept)).catch(onError);
          } catch (error) {
            if (!isStopping) onError(error as Error);
            await delay(RETRY_MS);
          }
        }
      };
      void popAll();
      return {
        [Symbol.asyncDispose]: async () => {
          isStopping = true;
          blocking.disconnect();
        },
      };
    },

    async discard(workerId) {
      await commands.del(ticketList(workerId));
    },

    async [Symbol.asyncDispose]() {
      commands.disconnect();
    },
  };
}
