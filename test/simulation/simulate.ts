/**
 * One life: many processes, one virtual clock, one seed. After a number of steps all faults are
 * undone, and every task must end. A step is one event of the virtual clock.
 */
import { MemoryDatabase } from '@runfleet/tasks/memory';

import { type Cast, Chaos } from './chaos.ts';
import { Counts } from './counts.ts';
import { Random } from './kernel/random.ts';
import { SimProcess } from './kernel/sim-process.ts';
import { VirtualTime } from './kernel/virtual-time.ts';
import { History } from './laws/history.ts';
import type { Broken } from './laws/laws.ts';
import type { Trace } from './laws/trace.ts';
import type { PlantedBug } from './planted-bugs.ts';
import { runBroker } from './processes/broker.ts';
import { Callers } from './processes/callers.ts';
import { type SimRole, simRole } from './processes/sim-role.ts';
import { runWorker } from './processes/worker.ts';
import { drawProfile } from './profile.ts';
import type { Recording } from './recording.ts';
import type { Clients } from './servers/sim-clients.ts';
import { SimRedis } from './servers/sim-redis.ts';
import { TENANTS } from './tenants.ts';
import type { World } from './world.ts';

export const STEPS_MIN = 2_000;
/** Every task must end within this much virtual time after the faults are undone. */
const REST_SECONDS_MAX = 300;
/** 2026-01-01, so that timestamps look real. */
const BEGINNING = 1_767_225_600_000_000n;

export type Life = {
  seed: number;
  steps: number;
  /** Virtual seconds. */
  seconds: number;
  tasks: number;
  counts: Counts;
  broken: Broken | null;
  /** The events of the task that the broken law is about. */
  log: readonly string[];
};

export async function simulate(options: {
  seed: number;
  bug?: PlantedBug | null;
  steps?: number;
  trace?: (line: string) => void;
  recording?: Recording;
}): Promise<Life> {
  const { seed, bug = null, steps: stepsMin = STEPS_MIN, trace, recording } = options;
  const world = makeWorld({ seed, bug, trace, recording });
  const cast = makeCast(world);
  const chaos = new Chaos(world, cast);
  for (const role of [...cast.brokers, ...cast.apis, ...cast.workers]) role.start();
  cast.callers.start();
  chaos.start();

  const { time, history } = world;
  let steps = 0;
  let healedAt = 0;
  for (;;) {
    if (!world.isHealed && steps >= stepsMin) {
      chaos.heal();
      healedAt = time.now;
    }
    time.runNext();
    steps += 1;
    await untilIdle();
    if (history.broken) break;
    if (world.isHealed && history.isAtRest && cast.callers.open === 0) {
      history.checkQuiet();
      break;
    }
    if (world.isHealed && time.now - healedAt > REST_SECONDS_MAX * 1_000_000) {
      const { open } = cast.callers;
      history.neverFinished(`${history.liveTasks} tasks and ${open} calls are still open`);
      break;
    }
  }
  return {
    seed,
    steps,
    seconds: time.now / 1_000_000,
    tasks: world.database.tasks.size,
    counts: world.counts,
    broken: history.broken,
    log: logOf(world, history.broken),
  };
}

/** Every promise that can settle has settled before the next turn of the event loop. */
const untilIdle = () => new Promise((resolve) => setImmediate(resolve));

function makeWorld(options: {
  seed: number;
  bug: PlantedBug | null;
  trace: ((line: string) => void) | undefined;
  recording: Recording | undefined;
}): World {
  const { seed, bug, trace, recording } = options;
  const random = new Random(seed);
  const time = new VirtualTime();
  const counts = new Counts();
  const print: Trace = trace
    ? (source, text) =>
        trace(`${(time.now / 1_000_000).toFixed(6).padStart(11)}  ${source.padEnd(9)} ${text}`)
    : null;
  const history = new History(counts, time, print);
  const databaseClock = { offsetMs: 0 };
  const database = new MemoryDatabase({
    clock: () => BEGINNING + BigInt(time.now) + BigInt(Math.round(databaseClock.offsetMs * 1_000)),
    watch: (applied) => history.applied(applied),
  });
  history.watch(database);
  if (recording) recording.database = database;
  for (const { organisationId, balance, weight, runningLimit, limits } of TENANTS) {
    database.addOrganisation(organisationId, balance, { weight, runningLimit });
    if (limits.length > 0) database.limits.set(organisationId, limits);
  }
  return {
    random,
    time,
    counts,
    history,
    database,
    databaseClock,
    bug,
    profile: drawProfile(random),
    postgres: { name: 'postgres', isAway: false },
    redis: new SimRedis(random, (step) => recording?.redisSteps.push(step)),
    note: recording
      ? (transaction) =>
          recording.transactions.push({
            now: database.clock(),
            pulse: database.pulse.n,
            transaction,
          })
      : null,
    isHealed: false,
    trace: print,
  };
}

function makeCast(world: World): Cast {
  const { profile } = world;
  const make = (
    kind: string,
    count: number,
    live: (process: SimProcess, clients: Clients) => ReturnType<Parameters<typeof simRole>[2]>,
  ): SimRole[] =>
    Array.from({ length: count }, (_, index) => {
      const process = new SimProcess(`${kind}-${index + 1}`, world.time, (error) =>
        world.history.unexpected(error),
      );
      return simRole(world, process, (clients) => live(process, clients));
    });
  const apis = make('api', profile.apis, () => ({}));
  return {
    apis,
    brokers: make('broker', profile.brokers, (process, clients) =>
      runBroker(world, process, clients),
    ),
    workers: make('worker', profile.workers, (process, clients) =>
      runWorker(world, process, clients),
    ),
    callers: new Callers(world, apis),
  };
}

function logOf({ database }: World, broken: Broken | null): string[] {
  const log = database.events.get(broken?.taskId ?? '') ?? [];
  return log.map(({ seq, epoch, type, at }) => {
    const seconds = (Number(at - BEGINNING) / 1_000_000).toFixed(6);
    return `${String(seq).padStart(4)}  epoch ${epoch}  ${seconds.padStart(11)}  ${type}`;
  });
}
