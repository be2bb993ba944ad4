/**
 * Tickets: the notes that tell a worker of an assignment, all that a broker has for one worker
 * together. A ticket that is lost is found by the worker's next lease renewal, so a transport may
 * lose one, or bring it twice or late.
 */
export type Ticket = { taskId: string; epoch: number };

export type TicketTransport = AsyncDisposable & {
  /** Rejects while Redis is away; the accept deadline then takes the tasks back. */
  send(workerId: string, tickets: readonly Ticket[]): Promise<void>;
  /** Calls `accept` for each ticket of a worker. A ticket may come twice, or late. */
  receive(workerId: string, accept: (ticket: Ticket) => Promise<void>): AsyncDisposable;
  /** Forgets a worker that will not come back. */
  discard(workerId: string): Promise<void>;
};
