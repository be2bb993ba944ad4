/**
 * Tickets notify a worker of its assignments. A broker sends all tickets of one worker together.
 * The worker's next lease renewal finds assignments whose ticket was lost, so a transport may lose,
 * repeat or delay tickets.
 */
export type Ticket = { taskId: string; epoch: number };

export type TicketTransport = AsyncDisposable & {
  /** Rejects while Redis is unavailable; the tasks are then requeued after the accept deadline. */
  send(workerId: string, tickets: readonly Ticket[]): Promise<void>;
  /** Calls `accept` for each ticket of a worker. A ticket may arrive twice or late. */
  receive(workerId: string, accept: (ticket: Ticket) => Promise<void>): AsyncDisposable;
  /** Deletes the tickets of a worker that will not return. */
  discard(workerId: string): Promise<void>;
};
