import type { Ticket } from '@runfleet/queue';

import type { Random } from '../kernel/random.ts';
import type { SimProcess } from '../kernel/sim-process.ts';
import { RedisData } from './redis-data.ts';
import type { RedisOperation, RedisStep, RedisVerb } from './redis-operation.ts';
import type { Server } from './server.ts';

type Listener = { process: SimProcess; life: number; hear: (text: string) => void };

/** One Redis server: its data, the history that a restore goes back to, and its subscribers. */
export class SimRedis implements Server {
  readonly name = 'redis';
  isAway = false;
  serverId: string;
  #data = new RedisData();
  /** Every operation so far, from which an older state can be restored. */
  #done: RedisOperation[] = [];
  readonly #random: Random;
  readonly #note: (step: RedisStep) => void;
  /** The last ticket that each worker was sent for each task. */
  readonly #sent = new Map<string, Ticket>();
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(random: Random, note: (step: RedisStep) => void) {
    this.#random = random;
    this.#note = note;
    this.serverId = random.uuid();
  }

  do<V extends RedisVerb>(verb: V, ...args: Parameters<RedisData[V]>): ReturnType<RedisData[V]> {
    // A generic pair of verb and arguments is not assignable to the union of all pairs.
    const operation = { verb, args } as RedisOperation;
    this.#done.push(operation);
    const answer = apply(this.#data, operation);
    this.#note({ do: 'operation', operation, answer });
    return answer as ReturnType<RedisData[V]>;
  }

  get data(): Readonly<RedisData> {
    return this.#data;
  }

  /** All keys vanish; the server stays. */
  wipe(): void {
    this.#data = new RedisData();
    this.#done = [];
    this.#note({ do: 'wipe' });
  }

  /** Goes back to an earlier state, as after a restore from a backup. */
  restoreOlder(): void {
    this.#done = this.#done.slice(0, this.#random.whole(0, this.#done.length));
    this.#data = new RedisData();
    for (const operation of this.#done) apply(this.#data, operation);
    this.#note({ do: 'restore', operations: [...this.#done] });
    this.serverId = this.#random.uuid();
  }

  /** Records that a worker is sent a ticket. Returns the ticket that it was sent before for this task. */
  resend(workerId: string, ticket: Ticket): Ticket | undefined {
    const key = `${workerId} ${ticket.taskId}`;
    const old = this.#sent.get(key);
    this.#sent.set(key, ticket);
    return old;
  }

  listen(channel: string, listener: Listener): AsyncDisposable {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    return { [Symbol.asyncDispose]: async () => void listeners.delete(listener) };
  }

  listenersOf(channel: string): Listener[] {
    const listeners = this.#listeners.get(channel);
    if (!listeners) return [];
    for (const listener of listeners) {
      if (listener.process.life !== listener.life) listeners.delete(listener);
    }
    return [...listeners];
  }
}

function apply(data: RedisData, { verb, args }: RedisOperation): unknown {
  return (data[verb] as (...args: unknown[]) => unknown)(...args);
}
