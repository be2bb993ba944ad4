import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { compatibleAdmission, readAccount } from '@runfleet/billing';
import { MODELS } from '@runfleet/catalog';
import type { Db } from '@runfleet/db';
import { createProject } from '@runfleet/identity';
import { parseUsd } from '@runfleet/protocol';
import {
  acceptTask,
  assignTasks,
  createTask,
  failure,
  finishTask,
  openTaskStore,
  PLAIN_RUN,
  readTask,
  registerWorker,
  startTask,
} from '@runfleet/tasks';

import { createOwnedOrganisation } from '../../init/create-owned-organisation.ts';
import { type CheckContext, type Finding, ok, problem } from '../check.ts';
import { askPostgres } from './ask-postgres.ts';

/**
 * Checks that the statements of a Run work on this database, from the deposit to the settlement, with
 * a tenant, a worker and a task of its own. Everything is rolled back; only sequences advance.
 */
export function checkPostgresRun(ctx: CheckContext): Promise<Finding> {
  return askPostgres(ctx, async (_sql, db) => {
    const begunAt = ctx.now();
    const { status, costs } = await runOnce(db);
    const ms = Math.round(ctx.now() - begunAt);
    return status === 'task_postprocess_end' && costs
      ? ok(`a Run was accepted, executed, settled and rolled back in ${ms} ms`)
      : problem(
          `a Run did not end as expected (${status})`,
          'Check what else writes to these tables, and please report it.',
        );
  });
}

async function runOnce(db: Db): Promise<{ status: string; costs: boolean }> {
  const [model] = MODELS;
  if (!model) throw new Error('The catalogue is empty.');
  await using store = openTaskStore({ db, queue: null, announce: () => {} });
  const { organisationId, ownerId } = await createOwnedOrganisation(
    { db },
    {
      organisation: 'runfleet doctor',
      owner: {
        email: `${randomUUID()}@doctor.invalid`,
        name: 'doctor',
        password: randomUUID(),
        isOperator: false,
      },
      deposited: parseUsd('1000'),
    },
  );
  const { projectId } = await createProject(
    { db, masterKey: { bytes: randomBytes(32) } },
    { organisationId, ownerId, name: 'doctor', authType: 'signature' },
  );
  const { id: taskId } = await createTask(
    { store },
    {
      ...PLAIN_RUN,
      organisationId,
      projectId,
      ownerId,
      model,
      parameters: { prompt: '' },
      seed: 0n,
      timeoutSeconds: 60,
      admission: compatibleAdmission,
      idempotency: { key: 'doctor', requestHash: randomBytes(32) },
    },
  );
  const workerId = randomUUID();
  const description = {
    pools: [model.pool],
    labels: [],
    loaded: {},
    sizes: {},
    memoryBytes: null,
    device: { engine: 'doctor', model: '', provider: '', device: '', version: process.version },
  };
  const host = `doctor of ${hostname()}`;
  const { generation } = await registerWorker(
    { store },
    { id: workerId, host, slots: 1, description },
  );
  const { assigned } = await assignTasks({ store }, [{ taskId, workerId, generation }]);
  const [ticket] = assigned;
  if (!ticket) return { status: 'not assigned', costs: false };
  await acceptTask({ store }, ticket);
  await startTask({ store }, ticket);
  await finishTask({ store }, ticket, {
    result: {
      ...failure('succeeded', ''),
      finishReason: 'stop',
      output: 'Hi',
      weights: '',
      device: '',
      promptTokens: 1,
      completionTokens: 1,
    },
    lastOutput: { raw: 'Hi', tokens: 1, elapsedMs: 1 },
  });
  const task = await readTask({ db }, { organisationId, reference: { id: taskId } });
  const account = await readAccount({ db }, organisationId);
  return { status: task.status, costs: account.held === 0n };
}
