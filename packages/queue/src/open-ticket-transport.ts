import type { OnError } from '@runfleet/redis';

import { openBullTickets } from './bull-tickets.ts';
import { openListTickets } from './list-tickets.ts';
import type { TicketTransport } from './ticket-transport.ts';

const TRANSPORTS = { lists: openListTickets, bullmq: openBullTickets } as const;

export type TicketTransportKind = keyof typeof TRANSPORTS;

/**
 * Brokers and workers must use the same kind. Between ten busy processes of 200 workers, at 500
 * tickets a second on a busy machine of two cores, lists took 0.4 ms (median) and a third of the
 * Redis time, BullMQ 5 ms; a BullMQ queue can be looked into with its dashboards.
 */
export function openTicketTransport(options: {
  url: string;
  kind: TicketTransportKind;
  onError?: OnError;
}): TicketTransport {
  const { kind, ...rest } = options;
  return TRANSPORTS[kind](rest);
}
