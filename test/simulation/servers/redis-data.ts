import type { Ticket } from '@runfleet/queue';
import { FairQueue, type FairTask, type TaskInLine } from '@runfleet/scheduler';

const ticketKey = ({ taskId, epoch }: Ticket) => `${taskId}-${epoch}`;

/** A pool's index: the reference of the Redis scripts, and its hash of running tasks. */
class Index {
  readonly fair = new FairQueue();
  readonly running = new Map<string, FairTask>();
  mark: string | null = null;
}

/** The keys of one Redis: each pool's index with its mark, and each worker's inbox of tickets. */
export class RedisData {
  readonly #inboxes = new Map<string, Map<string, Ticket>>();
  readonly #indexes = new Map<string, Index>();

  markOf(pool: string): string | null {
    return this.#indexes.get(pool)?.mark ?? null;
  }

  writeMark(pool: string, mark: string): void {
    this.#index(pool).mark = mark;
  }

  insert(pool: string, tasks: readonly FairTask[]): number {
    return tasks.filter((task) => this.#index(pool).fair.insert(task)).length;
  }

  pick(pool: string, count: number): FairTask[] {
    const { fair, running } = this.#index(pool);
    const picked: FairTask[] = [];
    while (picked.length < count) {
      const task = fair.pick();
      if (!task) break;
      running.set(task.taskId, task);
      picked.push(task);
    }
    return picked;
  }

  putBack(pool: string, tasks: readonly { taskId: string }[]): number {
    const { fair, running } = this.#index(pool);
    return tasks.filter(({ taskId }) => {
      running.delete(taskId);
      return fair.putBack(taskId);
    }).length;
  }

  release(pool: string, { taskId, usedMs }: TaskInLine & { usedMs: number }): void {
    const { fair, running } = this.#index(pool);
    running.delete(taskId);
    fair.release(taskId, usedMs);
  }

  withdraw(pool: string, { taskId }: TaskInLine): void {
    const { fair, running } = this.#index(pool);
    running.delete(taskId);
    fair.withdraw(taskId);
  }

  restoreRunning(pool: string, tasks: readonly FairTask[]): number {
    const { fair, running } = this.#index(pool);
    return tasks.filter((task) => {
      running.set(task.taskId, task);
      return fair.restoreRunning(task);
    }).length;
  }

  listRunning(pool: string): FairTask[] {
    return [...this.#index(pool).running.values()];
  }

  readLoad(pool: string): { queued: number; running: number; tenants: number } {
    const { queued, running, tenants } = this.#index(pool).fair;
    return { queued, running, tenants };
  }

  /** Deletes the index and its mark. */
  clear(pool: string): void {
    this.#indexes.delete(pool);
  }

  putTickets(workerId: string, tickets: readonly Ticket[]): void {
    for (const ticket of tickets) this.#inbox(workerId).set(ticketKey(ticket), ticket);
  }

  dropTicket(workerId: string, ticket: Ticket): void {
    this.#inbox(workerId).delete(ticketKey(ticket));
  }

  dropInbox(workerId: string): void {
    this.#inboxes.delete(workerId);
  }

  ticketsOf(workerId: string): Ticket[] {
    return [...this.#inbox(workerId).values()];
  }

  #inbox(workerId: string): Map<string, Ticket> {
    const inbox = this.#inboxes.get(workerId) ?? new Map<string, Ticket>();
    this.#inboxes.set(workerId, inbox);
    return inbox;
  }

  #index(pool: string): Index {
    const index = this.#indexes.get(pool) ?? new Index();
    this.#indexes.set(pool, index);
    return index;
  }
}
