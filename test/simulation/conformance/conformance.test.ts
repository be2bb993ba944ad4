import type { Limit } from '@runfleet/billing';
import { testWithDb } from '@runfleet/db/testing';
import { formatUsd, RunfleetError } from '@runfleet/protocol';
import { REPAIRS } from '@runfleet/tasks';
import { MemoryDatabase, repairOne } from '@runfleet/tasks/memory';
import { createTenant } from '@runfleet/tasks/testing';
import { expect } from 'vitest';

import { Random } from '../kernel/random.ts';
import { POOL } from '../pool.ts';
import { type Command, drawCommand, type Names } from './commands.ts';
import { memorySubject } from './memory-subject.ts';
import { postgresSubject } from './postgres-subject.ts';
import type { Subject } from './subject.ts';

const SEEDS = [1, 2, 3, 4, 5, 6];
const COMMANDS = 250;
/** In the past: Postgres lists suspects by its own clock, by which everything due here is due too. */
const BEGINNING = 1_767_225_600_000_000n;
const SUSPECTS_MAX = 500;

testWithDb.for(SEEDS)(
  'the same commands give the same states, events, accounts, limits and transfers in memory and in Postgres (seed %i)',
  async (seed, { db }) => {
    const random = new Random(seed);
    let now = BEGINNING;
    let pulse = 0;
    const database = new MemoryDatabase({ clock: () => now });
    const memory = memorySubject(database);
    const postgres = postgresSubject(db, () => now);
    const tenants = [await createTenant(db, '1000'), await createTenant(db, '0.6')];
    for (const [index, { organisationId }] of tenants.entries()) {
      database.addOrganisation(organisationId, index === 0 ? 1_000n * USD : (USD * 6n) / 10n);
    }
    for (const [index, { organisationId, projectId }] of tenants.entries()) {
      const limits = limitsOf(projectId, index);
      database.limits.set(organisationId, limits);
      for (const { id, level, subject, kind, period, value, isInForce } of limits) {
        await db.sql`
          insert into limits (id, organisation_id, level, subject, kind, period, value, is_in_force)
          overriding system value values (${id}, ${organisationId}, ${level}, ${subject}, ${kind},
            ${period}, ${formatUsd(value)}, ${isInForce})`;
      }
    }
    const workerIds = [random.uuid(), random.uuid(), random.uuid()];
    const names: Names = {
      tenants,
      workerIds,
      get tasks() {
        return database.tasks.size;
      },
      epochOf: (id) => database.tasks.get(id)?.state.epoch ?? 0,
      generationOf: (id) => database.workers.get(id)?.generation ?? 0,
      workerOf: (id) => database.tasks.get(id)?.state.workerId ?? null,
    };

    const done: string[] = [];
    for (let step = 0; step < COMMANDS; step++) {
      now += BigInt(Math.round(random.exponential(400_000)));
      if (random.chance(0.3)) {
        pulse += random.chance(0.05) ? 16 : 1;
        for (const subject of [memory, postgres]) await subject.setPulse(pulse);
      }
      const command = drawCommand(random, names);
      done.push(command.name);
      const [expected, actual] = [
        await answerOf(memory, command),
        await answerOf(postgres, command),
      ];
      const after = done.slice(-20);
      expect({ after, answer: actual }).toEqual({ after, answer: expected });
      if (step % 25 === 0) await expectCompleteLists(memory, postgres);
    }

    const ids = { workerIds, pools: [POOL] };
    expect(await postgres.readAll(ids)).toEqual(await memory.readAll(ids));
    expect(postgres.sent).toEqual(memory.sent);
    await expectSameReads(memory, postgres, workerIds);
  },
);

const USD = 1_000_000_000_000n;

/** One of each level and kind, of which some refuse Runs. */
function limitsOf(projectId: string, tenant: number): Limit[] {
  const limit = { subject: '', kind: 'spend', period: 'day', value: USD, isInForce: true } as const;
  const id = (index: number) => String(tenant * 10 + index);
  return [
    { ...limit, id: id(1), level: 'organisation', period: 'total' },
    { ...limit, id: id(2), level: 'user', value: USD / 20n },
    { ...limit, id: id(3), level: 'key', subject: projectId, period: 'month', value: USD / 5n },
    {
      ...limit,
      id: id(4),
      level: 'project',
      subject: projectId,
      kind: 'active',
      period: 'now',
      value: 9n * USD,
    },
    { ...limit, id: id(5), level: 'project', subject: projectId, value: 0n, isInForce: false },
  ];
}

/** The answer without its random token; an error is reduced to kind and message. */
async function answerOf({ store }: Subject, command: Command): Promise<unknown> {
  try {
    const answer = await command.run(store);
    return answer !== null && typeof answer === 'object' ? { ...answer, token: '' } : answer;
  } catch (error) {
    if (error instanceof RunfleetError) return { kind: error.kind, message: error.message };
    throw error;
  }
}

/** Postgres lists every row that needs repair, and both stores repair it alike. */
async function expectCompleteLists(memory: Subject, postgres: Subject): Promise<void> {
  for (const name of REPAIRS) {
    const listed = await postgres.store.listSuspects(name, SUSPECTS_MAX);
    const all = await memory.store.listSuspects(name, SUSPECTS_MAX);
    for (const id of all) {
      const command: Command = { name, run: (store) => repairOne({ store }, name, id) };
      const isRepaired = await answerOf(memory, command);
      if (isRepaired === true)
        expect({ name, listed }).toEqual({ name, listed: expect.arrayContaining([id]) });
      if (listed.includes(id)) expect(await answerOf(postgres, command)).toEqual(isRepaired);
    }
  }
}

async function expectSameReads(
  memory: Subject,
  postgres: Subject,
  workerIds: readonly string[],
): Promise<void> {
  const page = { pool: POOL, afterId: '0', limit: 1_000 };
  const reads = async ({ reads: from }: Subject) => ({
    queued: inTenths(await from.listQueuedTasks(page)),
    ofLane: inTenths(await from.listQueuedTasks({ ...page, requires: ['zone=a'] })),
    bound: inTenths(await from.listBoundTasks({ ...page, requires: [] })),
    lanes: await from.listLanes({ pool: POOL, limit: 10 }),
    unbound: (await from.listUnbound(['1', '2', '3', '4', '5'])).toSorted(),
    preferences: await from.readPreferences(['1', '2', '3', '4', '5']),
    free: await from.listWorkers({ pool: POOL, labels: ['zone=a'], isFree: true, limit: 9 }),
    all: await from.listWorkers({ pool: POOL, labels: [], isFree: false, limit: 9 }),
    tasksOf: await Promise.all(
      workerIds.map((id) => memory.store.listWorkerTasks({ id, generation: 1 })),
    ),
  });
  expect(await reads(postgres)).toEqual(await reads(memory));
}

/** Rounded, because Postgres computes the seconds of a timestamp in floating point. */
function inTenths<T extends { queuedAt: number }>(tasks: readonly T[]): T[] {
  return tasks.map((task) => ({ ...task, queuedAt: Math.round(task.queuedAt * 10) }));
}
