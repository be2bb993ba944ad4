import type { Ticket, TicketTransport } from '@runfleet/queue';

import type { SimProcess } from '../kernel/sim-process.ts';
import type { World } from '../world.ts';
import type { Connection } from './connection.ts';

/** How long an unconfirmed ticket stays in the inbox before it is delivered again. */
const STALLED_MS = 30_000;
/** The probability that a worker that gets a task again also gets its earlier ticket again. */
const OLD_AGAIN = 0.7;

/** A process' ticket transport: at least once, in any order, and lost when Redis loses its data. */
export function openSimTickets(
  world: World,
  process: SimProcess,
  connection: Connection,
): TicketTransport {
  const { redis, random, counts, time } = world;

  const announce = (workerId: string, sent: readonly Ticket[]) => {
    const tickets = sent.flatMap((ticket) => {
      // A restored Redis delivers old tickets even after all faults are undone.
      const old = redis.resend(workerId, ticket);
      if (!old || !random.chance(OLD_AGAIN)) return [ticket];
      counts.add('fault: old ticket again');
      return [ticket, old];
    });
    for (const { process: to, life, hear } of redis.listenersOf(`tickets:${workerId}`)) {
      for (const ticket of tickets) {
        const copies = chance(world.profile.tickets.duplicated, 'ticket duplicated') ? 2 : 1;
        for (let i = 0; i < copies; i++) {
          const delayMs = random.exponential(
            chance(world.profile.tickets.late, 'ticket late') ? 4_000 : 1,
          );
          time.after(delayMs, () => to.deliver(life, () => hear(JSON.stringify(ticket))));
        }
      }
    }
  };
  function chance(probability: number, name: string): boolean {
    if (world.isHealed || !random.chance(probability)) return false;
    counts.add(`fault: ${name}`);
    return true;
  }

  return {
    async send(workerId, tickets) {
      await connection.call(() => {
        const sent = tickets.filter(() => !chance(world.profile.tickets.lost, 'ticket lost'));
        redis.do('putTickets', workerId, sent);
        announce(workerId, sent);
      });
    },

    receive(workerId, accept) {
      const { life } = process;
      const take = async (ticket: Ticket) => {
        if (world.bug === 'ticket completed before accept') process.spawn(accept(ticket));
        else await accept(ticket);
        await connection
          .call(() => {
            world.history.ticketDone(workerId, ticket);
            redis.do('dropTicket', workerId, ticket);
          })
          .catch(() => {
            // The ticket stays in the inbox and is delivered again.
          });
      };
      const listening = redis.listen(`tickets:${workerId}`, {
        process,
        life,
        hear: (text) => process.spawn(take(JSON.parse(text) as Ticket)),
      });
      process.every(STALLED_MS, async () => {
        const left = redis.data.ticketsOf(workerId);
        if (left.length > 0) counts.add('fault: ticket redelivered');
        for (const ticket of left) process.spawn(take(ticket));
      });
      return listening;
    },

    async discard(workerId) {
      await connection.call(() => redis.do('dropInbox', workerId));
    },

    [Symbol.asyncDispose]: async () => {},
  };
}
