import type { SimProcess } from '../kernel/sim-process.ts';
import type { LinkFaults } from '../profile.ts';
import type { World } from '../world.ts';
import type { Server } from './server.ts';

export class ServerAway extends Error {
  override readonly name = 'ServerAway';
  /** The code of postgres.js, by which callers distinguish it from a refused statement. */
  readonly code = 'CONNECTION_CLOSED';
}

const FAIL_FAST_MS = 5;
const SLOW_MS = 600;
const LATENCY_MS = 1.2;

/** One process' connection to one server. */
export class Connection {
  readonly #world: World;
  readonly #process: SimProcess;
  readonly #server: Server;
  readonly #faults: LinkFaults;
  isCut = false;

  constructor(world: World, process: SimProcess, server: Server, faults: LinkFaults) {
    this.#world = world;
    this.#process = process;
    this.#server = server;
    this.#faults = faults;
  }

  /**
   * Runs `apply` on the server. Rejects with `ServerAway` if the request was lost, and also if only
   * the answer was lost: the caller cannot distinguish the two.
   */
  call<R>(apply: () => R): Promise<R> {
    const { time } = this.#world;
    const process = this.#process;
    const { life } = process;
    return new Promise<R>((resolve, reject) => {
      const answer = (delayMs: number, arrive: () => void) =>
        time.after(delayMs, () => process.deliver(life, arrive));
      const lose = (what: string, delayMs: number) => {
        this.#world.trace?.(process.name, `${this.#server.name}: ${what}`);
        answer(delayMs, () => reject(new ServerAway(what)));
      };
      if (!this.#isOpen()) return lose('cut', FAIL_FAST_MS);
      time.after(this.#latency(), () => {
        // A request that a process sent before it died may or may not arrive.
        if (process.life !== life && this.#world.random.chance(0.5)) return;
        if (!this.#isOpen()) return lose('cut before it arrived', FAIL_FAST_MS);
        if (this.#happens('lostBefore')) return lose('request lost', FAIL_FAST_MS);
        try {
          const result = apply();
          if (this.#happens('lostAfter')) return lose('answer lost', FAIL_FAST_MS);
          const delayMs = this.#latency();
          time.after(delayMs, () => {
            if (this.#isOpen()) process.deliver(life, () => resolve(result));
            else lose('cut before the answer', 0);
          });
        } catch (error) {
          this.#world.history.refused(error);
          answer(this.#latency(), () => reject(error));
        }
      });
    });
  }

  #isOpen(): boolean {
    return !this.isCut && !this.#server.isAway;
  }

  #happens(fault: 'lostBefore' | 'lostAfter'): boolean {
    const { random, isHealed, counts } = this.#world;
    if (isHealed || !random.chance(this.#faults[fault])) return false;
    counts.add(`fault: ${this.#server.name} ${fault === 'lostBefore' ? 'request' : 'answer'} lost`);
    return true;
  }

  #latency(): number {
    const { random, isHealed, counts } = this.#world;
    if (!isHealed && random.chance(this.#faults.slow)) {
      counts.add(`fault: ${this.#server.name} slow`);
      return random.exponential(SLOW_MS);
    }
    return 0.2 + random.exponential(LATENCY_MS);
  }
}
