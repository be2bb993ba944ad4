import { setTimeout as delay } from 'node:timers/promises';

import type { LossyProxy } from '@runfleet/testing/lossy-proxy';
import { Redis } from 'ioredis';

import type { ChaosFleet } from './chaos-fleet.ts';
import type { FaultKind, MemberName } from './faults.ts';
import type { FleetMember } from './fleet-member.ts';
import type { Fault } from './plan-faults.ts';

/** A fault that happened. `beganAt` is in ms since 1970. */
export type InflictedFault = Fault & { beganAt: number };

/** Inflicts the planned faults at their times. Resolves when all are undone and every role runs again. */
export async function inflictFaults(
  fleet: ChaosFleet,
  plan: readonly Fault[],
  onFault: (fault: Fault) => void,
): Promise<InflictedFault[]> {
  const startedAt = performance.now();
  const inflicted: InflictedFault[] = [];
  // Faults of one target take turns, in case the machine is slower than the plan.
  const turns = new Map<string, Promise<void>>();
  const inflict = async (fault: Fault) => {
    onFault(fault);
    inflicted.push({ ...fault, beganAt: Date.now() });
    await DO[fault.kind](fleet, fault);
  };
  for (const fault of plan) {
    await delay(Math.max(0, startedAt + fault.atMs - performance.now()));
    const turn = turns.get(fault.target) ?? Promise.resolve();
    turns.set(
      fault.target,
      turn.then(() => inflict(fault)),
    );
  }
  await Promise.all(turns.values());
  await fleet.untilAllRun();
  return inflicted;
}

type Act = (fleet: ChaosFleet, fault: Fault) => Promise<void>;

/** A fault of one process: `begin`, then `undo` after its duration. */
const toMember =
  (
    begin: (member: FleetMember) => Promise<void> | void,
    undo: (member: FleetMember) => Promise<void> | void,
  ): Act =>
  async (fleet, { target, forMs }) => {
    // The plan names a process for every kind that hits processes.
    const member = fleet.member(target as MemberName);
    await begin(member);
    await delay(forMs);
    await undo(member);
  };

const kill = toMember(
  (member) => member.kill(),
  (member) => member.start(),
);
const pause = toMember(
  (member) => member.pause(),
  (member) => member.resume(),
);
const breakLink = (linkOf: (member: FleetMember) => LossyProxy, how: 'cut' | 'stall') =>
  toMember(
    (member) => linkOf(member)[how](),
    (member) => linkOf(member).restore(),
  );

/** Interrupts commits; the restart performs crash recovery. */
const crashPostgres: Act = async ({ postgres }, { forMs }) => {
  await postgres.kill();
  await delay(forMs);
  await postgres.restart({ empty: false });
};

const DO: Record<FaultKind, Act> = {
  'api killed': kill,
  'broker killed': kill,
  'worker killed': kill,
  'gateway killed': kill,
  'api paused': pause,
  'gateway paused': pause,
  'worker paused beyond its lease': pause,
  'broker paused beyond its lead': pause,
  'role stopped gracefully': toMember(
    (member) => member.stop(),
    (member) => member.start(),
  ),
  'role cut off from postgres': breakLink(({ postgres }) => postgres, 'cut'),
  'worker cut off from postgres, silently': breakLink(({ postgres }) => postgres, 'stall'),
  'role cut off from redis': breakLink(({ redis }) => redis, 'cut'),
  'role cut off from redis, silently': breakLink(({ redis }) => redis, 'stall'),
  'clients of a gateway vanish': breakLink(({ front }) => front, 'cut'),
  'clients of an api lose an answer': toMember(
    (member) => member.front.loseNextAnswer(),
    () => {},
  ),
  'redis killed, back empty': async ({ redis }, { forMs }) => {
    await redis.kill();
    await delay(forMs);
    await redis.restart({ empty: true });
  },
  'redis flushed': async ({ redis }) => {
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
  },
  'redis away': async ({ redis }, { forMs }) => {
    await redis.kill();
    await delay(forMs);
    await redis.restart({ empty: false });
  },
  'redis paused': async ({ redis }, { forMs }) => {
    redis.pause();
    await delay(forMs);
    redis.resume();
  },
  'postgres crashed': crashPostgres,
  'postgres away': crashPostgres,
};
