import type { Random } from '../kernel/random.ts';
import type { SimProcess } from '../kernel/sim-process.ts';
import { RedisData } from './redis-data.ts';
import type { Server } from './server.ts';

type Operation = (data: RedisData) => unknown;
type Listener = { process: SimProcess; life: number; hear: (text: string) => void };

/** One Redis server: its data, what it forgot and may bring back, and who listens. */
export class SimRedis implements Server {
  readonly name = 'redis';
  isAway = false;
  serverId: string;
  #data = new RedisData();
  /** All that was done to the data, so that an older state can be brought back. */
  #done: Operation[] = [];
  readonly #random: Random;
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(random: Random) {
    this.#random = random;
    this.serverId = random.uuid();
  }

  do<R>(operation: (data: RedisData) => R): R {
    this.#done.push(operation);
    return operation(this.#data);
  }

  get data(): Readonly<RedisData> {
    return this.#data;
  }

  /** All keys vanish; the server stays. */
  wipe(): void {
    this.#data = new RedisData();
    this.#done = [];
  }

  /** The server comes back as it was a while ago. */
  restoreOlder(): void {
    this.#done = this.#done.slice(0, this.#random.whole(0, this.#done.length));
    this.#data = new RedisData();
    for (const operation of this.#done) operation(this.#data);
    this.serverId = this.#random.uuid();
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
