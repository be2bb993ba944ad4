/** Incidents: faults of whole processes, servers and clocks, at random moments. */
import { REPAIRS } from '@runfleet/tasks';
import { openMemoryTaskStore, repairOne } from '@runfleet/tasks/memory';

import type { Callers } from './processes/callers.ts';
import { requireAway } from './processes/require-away.ts';
import type { SimRole } from './processes/sim-role.ts';
import type { World } from './world.ts';

export type Cast = {
  readonly brokers: readonly SimRole[];
  readonly apis: readonly SimRole[];
  readonly workers: readonly SimRole[];
  readonly callers: Callers;
};

export const INCIDENTS = [
  'process crashed',
  'process paused',
  'worker stopped gracefully',
  'postgres cut off',
  'redis cut off',
  'postgres away',
  'redis away',
  'redis wiped',
  'redis restored older',
  'wall clock jumped',
  'database clock stepped',
  'slot count falsified',
  'suspected without cause',
] as const;

const RESTART_MS = 2_000;
const START_MS = 5;
const STOP_MS_MAX = 10_000;

export class Chaos {
  readonly #world: World;
  readonly #roles: readonly SimRole[];
  readonly #cast: Cast;

  constructor(world: World, cast: Cast) {
    this.#world = world;
    this.#cast = cast;
    this.#roles = [...cast.brokers, ...cast.apis, ...cast.workers];
    for (const role of this.#roles) {
      role.process.onCrash = () => this.#restartLater(role);
    }
  }

  start(): void {
    const { time, random, profile, counts, trace } = this.#world;
    const next = () => {
      if (this.#world.isHealed) return;
      const name = random.pick(INCIDENTS);
      if (this.#incidents[name]()) {
        counts.add(`fault: ${name}`);
        trace?.('chaos', name);
      }
      time.after(random.exponential(profile.incidentEveryMs), next);
    };
    time.after(random.exponential(profile.incidentEveryMs), next);
  }

  /** Undoes all faults and starts no more. */
  heal(): void {
    const world = this.#world;
    world.isHealed = true;
    world.trace?.('chaos', 'all faults are undone');
    world.postgres.isAway = false;
    world.redis.isAway = false;
    for (const role of this.#roles) {
      if (!role.process.isUp) role.start();
      role.process.resume();
      if (role.clients) {
        role.clients.postgres.isCut = false;
        role.clients.redis.isCut = false;
      }
    }
  }

  /** Each returns whether it did anything. */
  readonly #incidents: Record<(typeof INCIDENTS)[number], () => boolean> = {
    'process crashed': () => {
      const role = this.#pickUp();
      role?.process.crash();
      return role !== null;
    },
    'process paused': () => {
      const role = this.#pickUp();
      role?.process.pause();
      if (role) this.#later(this.#outageMs(), () => role.process.resume());
      return role !== null;
    },
    'worker stopped gracefully': () => {
      const role = this.#world.random.pick(this.#cast.workers);
      if (!role.process.isUp) return false;
      const { life } = role.process;
      // A worker that does not stop in time is killed.
      this.#world.time.after(STOP_MS_MAX, () => {
        if (role.process.life === life) role.process.crash();
      });
      role.process.spawn(
        role.stop().then(() => {
          if (role.process.life !== life) return;
          role.process.exit();
          this.#restartLater(role);
        }),
      );
      return true;
    },
    'postgres cut off': () => this.#cut('postgres'),
    'redis cut off': () => this.#cut('redis'),
    'postgres away': () => this.#away('postgres'),
    'redis away': () => this.#away('redis'),
    'redis wiped': () => {
      this.#world.redis.wipe();
      return true;
    },
    'redis restored older': () => {
      this.#world.redis.restoreOlder();
      return true;
    },
    'wall clock jumped': () => {
      const { random } = this.#world;
      random.pick(this.#roles).process.clockOffsetMs += random.between(-120_000, 120_000);
      return true;
    },
    'database clock stepped': () => {
      const { random, databaseClock } = this.#world;
      const ms = random.between(-500, 500);
      // Mostly a small correction; sometimes minutes, as when an operator sets the clock.
      databaseClock.offsetMs += Math.abs(ms) > 450 ? 1_000 * ms : ms;
      return true;
    },
    'slot count falsified': () => this.#falsifySlots(),
    'suspected without cause': () => this.#suspect(),
  };

  /** Makes a slot count wrong, as an unknown bug would. */
  #falsifySlots(): boolean {
    const { random, database, history, note } = this.#world;
    const workers = [...database.workers.values()].filter(({ state }) => state === 'ready');
    if (workers.length === 0) return false;
    const worker = random.pick(workers);
    const by = worker.used < worker.slots ? 1 : 0;
    if (by === 0) return false;
    history.falsify(worker.id, by);
    const store = openMemoryTaskStore({ database, ...(note && { note }) });
    void store.changeWorker({
      workerId: worker.id,
      decide: (known) => (known ? { ...known, used: known.used + by } : undefined),
    });
    return true;
  }

  /** Runs every repair on a random row: the decision under the lock must not trust the suspicion. */
  #suspect(): boolean {
    const { random, database } = this.#world;
    const role = random.pick(this.#cast.brokers);
    const { clients } = role;
    const ids = [...database.tasks.keys()];
    const workerIds = [...database.workers.keys()];
    if (!role.process.isUp || !clients || ids.length === 0 || workerIds.length === 0) return false;
    for (const name of REPAIRS) {
      const isOfWorkers = ['silent-workers', 'quarantines', 'paroles', 'slot-counts'].includes(
        name,
      );
      const id = random.pick(isOfWorkers ? workerIds : ids.slice(-40));
      role.process.spawn(repairOne(clients, name, id).catch(requireAway));
    }
    return true;
  }

  #cut(server: 'postgres' | 'redis'): boolean {
    const connection = this.#pickUp()?.clients?.[server];
    if (!connection) return false;
    connection.isCut = true;
    this.#later(this.#outageMs(), () => {
      connection.isCut = false;
    });
    return true;
  }

  #away(name: 'postgres' | 'redis'): boolean {
    const server = this.#world[name];
    if (server.isAway) return false;
    server.isAway = true;
    this.#later(name === 'postgres' ? 4_000 : 6_000, () => {
      server.isAway = false;
    });
    return true;
  }

  /** Sometimes longer than a lease, so that a process resumes in the middle of its work without one. */
  #outageMs(): number {
    return this.#world.random.chance(0.5) ? 3_000 : 25_000;
  }

  #restartLater(role: SimRole): void {
    this.#later(RESTART_MS, () => {
      if (role.process.isUp) return;
      role.start();
      const { life } = role.process;
      if (this.#world.isHealed || !this.#world.random.chance(0.3)) return;
      // Mostly between the first round trips of its start.
      this.#later(START_MS, () => {
        if (role.process.life === life) role.process.crash();
      });
    });
  }

  #later(meanMs: number, run: () => void): void {
    this.#world.time.after(this.#world.random.exponential(meanMs), run);
  }

  #pickUp(): SimRole | null {
    const up = this.#roles.filter(({ process }) => process.isUp && !process.isPaused);
    if (up.length === 0) return null;
    const role = this.#world.random.pick(up);
    this.#world.trace?.('chaos', `to ${role.process.name}:`);
    return role;
  }
}
