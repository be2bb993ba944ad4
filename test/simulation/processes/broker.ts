/**
 * A broker as `apps/broker` runs it: the real index, dispatcher and repairs, in loops on the virtual
 * clock. One loop leads the pool or waits for its lease; the other does the housekeeping.
 */
import { type BrokerContext, Dispatcher, PoolIndex } from '@runfleet/broker';
import { createLogger } from '@runfleet/service';
import { leadPool, type Repair, repair, REPAIRS } from '@runfleet/tasks';
import { openMemoryPoolReads, tickPulse } from '@runfleet/tasks/memory';

import type { SimProcess } from '../kernel/sim-process.ts';
import { WakeSignal } from '../kernel/wake-signal.ts';
import { POOL } from '../pool.ts';
import type { Clients } from '../servers/sim-clients.ts';
import { type Verbs, verbsOf } from '../verbs.ts';
import type { World } from '../world.ts';
import { requireAway } from './require-away.ts';

const REFRESH_EVERY_MS = 1_000;
const RETRY_AFTER_MS = 250;
const TICK_MS = 1_000;
const SUSPECTS_MAX = 500;
const HOUSEKEEPING = 'housekeeping';
/** A few per tick, so that more of a life's steps are spent on what needs repair. */
const REPAIRS_PER_TICK = 3;

const SILENT = createLogger({ role: 'broker', level: 'silent' });

export function runBroker(world: World, process: SimProcess, clients: Clients): object {
  const brokerId = world.random.uuid();
  const ctx = contextOf(world, clients, brokerId);
  process.spawn(new SimLeader(ctx, process).run());
  const verbs = verbsOf(world, process, clients);
  let ticks = 0;
  process.every(TICK_MS, () => doHousekeeping(world, clients, { verbs, brokerId, tick: ticks++ }));
  return {};
}

function contextOf(world: World, clients: Clients, brokerId: string): BrokerContext {
  const { database, counts, time } = world;
  const { ask, store, queue } = clients;
  const noted: Partial<BrokerContext['metrics']> = {
    repaired: (name, count) => counts.add(`reconciler: ${name}`, count),
    indexRebuilt: () => counts.add('reconciler: index rebuilt'),
  };
  return {
    brokerId,
    store,
    queue,
    reads: openMemoryPoolReads(database, ask),
    tickets: clients.tickets,
    logger: SILENT,
    now: () => time.now / 1_000,
    // Only these two metrics are counted, and no code depends on any.
    metrics: new Proxy(noted as BrokerContext['metrics'], {
      get: (target, name: keyof BrokerContext['metrics']) => target[name] ?? (() => {}),
    }),
    // `reads` and `store` cover everything that a broker queries.
    db: null as never,
  };
}

/** `PoolLeader` on the virtual clock, without its reports. */
class SimLeader {
  readonly #ctx: BrokerContext;
  readonly #process: SimProcess;
  readonly #index: PoolIndex;
  readonly #dispatcher: Dispatcher;
  readonly #wake: WakeSignal;
  #leasedUntil = 0;
  #refreshedAt = -Infinity;
  #isReportDue = false;

  constructor(ctx: BrokerContext, process: SimProcess) {
    this.#ctx = ctx;
    this.#process = process;
    this.#index = new PoolIndex(ctx, POOL);
    this.#dispatcher = new Dispatcher(ctx, { pool: POOL, index: this.#index });
    this.#wake = new WakeSignal(process);
    ctx.queue.onWake(POOL, (lane) => {
      this.#index.wake(lane);
      this.#wake.raise();
    });
  }

  async run(): Promise<void> {
    for (;;) {
      try {
        const hasMore = (await this.#lead()) && (await this.#work());
        if (!hasMore) await this.#wake.wait(this.#pauseMs());
      } catch (error) {
        requireAway(error);
        this.#index.forget();
        this.#leasedUntil = 0;
        await this.#process.sleep(RETRY_AFTER_MS);
      }
    }
  }

  async #work(): Promise<boolean> {
    const hasMoreToFill = await this.#index.fill();
    const { hasMore } = await this.#dispatcher.round();
    // The real leader reads the load for its reports, and so detects that a lane lost a key.
    if (this.#isReportDue) await this.#index.readLoad();
    this.#isReportDue = false;
    return hasMoreToFill || hasMore || this.#index.isLost;
  }

  async #lead(): Promise<boolean> {
    const now = this.#ctx.now();
    if (now < this.#leasedUntil && now - this.#refreshedAt < REFRESH_EVERY_MS) return true;
    const lease = await leadPool(this.#ctx, { pool: POOL, holder: this.#ctx.brokerId });
    if (!lease) {
      this.#index.forget();
      await this.#dispatcher.putBackHeld();
      return false;
    }
    this.#leasedUntil = now + 2 * REFRESH_EVERY_MS;
    this.#refreshedAt = now;
    await this.#index.check(lease.indexMark);
    await this.#index.reconcile((taskId) => this.#dispatcher.isHeld(taskId));
    await this.#dispatcher.refresh();
    this.#isReportDue = true;
    return true;
  }

  #pauseMs(): number {
    const untils = this.#dispatcher.held.map(({ until }) => until - this.#ctx.now());
    return Math.max(0, Math.min(REFRESH_EVERY_MS, ...untils));
  }
}

async function doHousekeeping(
  world: World,
  clients: Clients,
  { verbs, brokerId, tick }: { verbs: Verbs; brokerId: string; tick: number },
): Promise<void> {
  const { database, counts } = world;
  try {
    await clients.ask(() => tickPulse(database));
    const lease = await leadPool(clients, { pool: HOUSEKEEPING, holder: brokerId });
    if (!lease) return;
    for (let i = 0; i < REPAIRS_PER_TICK; i++) {
      const name = REPAIRS[(tick * REPAIRS_PER_TICK + i) % REPAIRS.length] ?? REPAIRS[0];
      counts.add(`reconciler: ${name}`, await repairAll(clients, verbs, name));
    }
  } catch (error) {
    requireAway(error);
  }
}

async function repairAll(clients: Clients, verbs: Verbs, name: Repair): Promise<number> {
  if (name !== 'start-deadlines') return repair(clients, name);
  const suspects = await clients.store.listSuspects(name, SUSPECTS_MAX);
  const repaired = await Promise.all(suspects.map((id) => verbs.expireUnstarted(id)));
  return repaired.filter(Boolean).length;
}
