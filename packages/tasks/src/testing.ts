/** Fixtures for tests that move tasks: a tenant with money, a store, a queue, and what was announced. */
import { randomUUID } from 'node:crypto';

import { type AdmissionPolicy, compatibleAdmission, deposit } from '@runfleet/billing';
import { findModel, type Model } from '@runfleet/catalog';
import type { Db } from '@runfleet/db';
import { testWithDb } from '@runfleet/db/testing';
import { parseUsd, type TaskEvent } from '@runfleet/protocol';
import { openTaskQueue } from '@runfleet/queue';

import { registerWorker } from './fleet/worker-registry.ts';
import { type NewTask, PLAIN_RUN } from './life/new-task.ts';
import type { WorkerDescription } from './store/fleet-store.ts';
import { openTaskStore, type TaskStore } from './store/task-store.ts';

export type Tenant = { organisationId: string; projectId: string; ownerId: string };

/** An organisation with an owner, a project and `usd` on its account. */
export async function createTenant(db: Db, usd = '1000'): Promise<Tenant> {
  const ownerId = randomUUID();
  const [organisation] = await db.sql<{ id: string }[]>`
    insert into organisations (name) values ('A tenant') returning id`;
  const organisationId = organisation?.id ?? '';
  await db.sql`
    insert into users (id, email, name) values (${ownerId}, ${`${ownerId}@example.org`}, 'An owner')`;
  const [project] = await db.sql<{ id: string }[]>`
    insert into projects (organisation_id, owner_id, name, auth_type, key_hash, key_hint)
    values (${organisationId}, ${ownerId}, 'A project', 'apikey', ${Buffer.from(ownerId)}, 'hint')
    returning id`;
  await deposit(
    { db },
    { organisationId, amount: parseUsd(usd), businessKey: `test:${organisationId}` },
  );
  return { organisationId, projectId: project?.id ?? '', ownerId };
}

export function phi(): Model {
  const model = findModel('microsoft', 'Phi-3.5-mini-instruct');
  if (!model) throw new Error('The catalogue has no Phi-3.5-mini-instruct.');
  return model;
}

/** The place in a conversation of a task that has none. */
export const NO_TURN = { conversationId: null, turn: null, parentId: null, systemTurnId: null };

export function aTask(tenant: Tenant, changes: Partial<NewTask> = {}): NewTask {
  return {
    ...tenant,
    model: phi(),
    parameters: { prompt: 'Hello' },
    seed: 7n,
    timeoutSeconds: 300,
    admission: compatibleAdmission satisfies AdmissionPolicy,
    ...PLAIN_RUN,
    ...changes,
  };
}

/** A worker that is told of as `description` says, or runs the echo engine for the test model's pool. */
export async function aWorker(
  store: TaskStore,
  slots = 4,
  description: Partial<WorkerDescription> = {},
): Promise<{ workerId: string; generation: number }> {
  const workerId = randomUUID();
  const { generation } = await registerWorker(
    { store },
    { id: workerId, host: 'a-host', slots, description: { ...aDescription(), ...description } },
  );
  return { workerId, generation };
}

export function aDescription(): WorkerDescription {
  const device = { engine: 'echo', model: '', provider: '', device: 'cpu', version: '' };
  const { pool } = phi();
  const loaded = { [pool]: { bytes: 0 } };
  return { pools: [pool], labels: [], loaded, sizes: {}, memoryBytes: null, device };
}

/** Ends the pause before a task's next try, as if the time had passed. */
export async function endPause(db: Db, taskId: string): Promise<void> {
  await db.sql`update tasks set not_before = null where id = ${taskId}`;
}

export const testWithTasks = testWithDb
  .extend('announced', (): TaskEvent[] => [])
  .extend('queue', ({ redisUrl }, { onCleanup }) => {
    const queue = openTaskQueue({ url: redisUrl });
    onCleanup(() => queue[Symbol.asyncDispose]());
    return queue;
  })
  .extend('store', ({ db, queue, announced }, { onCleanup }) => {
    const announce = (events: readonly TaskEvent[]) => void announced.push(...events);
    const store = openTaskStore({ db, queue, announce });
    onCleanup(() => store[Symbol.asyncDispose]());
    return store;
  })
  /** What verbs take. */
  .extend('ctx', ({ db, store, queue }) => ({ db, store, queue }))
  .extend('tenant', ({ db }) => createTenant(db));
