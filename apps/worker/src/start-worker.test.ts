import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findModel, type Model, parseModelDocument } from '@runfleet/catalog';
import type { Db } from '@runfleet/db';
import { buildModelFolder, measureModel } from '@runfleet/engine';
import { publishModel } from '@runfleet/publishing';
import { openTicketTransport, type TicketTransport } from '@runfleet/queue';
import { createLogger } from '@runfleet/service';
import { assignTasks, createTask, readTask, type TaskRow, type TaskStore } from '@runfleet/tasks';
import { aTask, phi, type Tenant, testWithTasks } from '@runfleet/tasks/testing';
import { eventually } from '@runfleet/testing';
import { expect, vi } from 'vitest';

import { workerConfig } from './config.ts';
import { startWorker } from './start-worker.ts';

const SLOTS = 2;

const test = testWithTasks
  .extend('folder', async ({}, { onCleanup }) => {
    const folder = await mkdtemp(join(tmpdir(), 'worker-'));
    onCleanup(() => rm(folder, { recursive: true }));
    return folder;
  })
  .extend('folders', async ({ folder }) => {
    const [first, second] = await Promise.all([
      buildModelFolder(join(folder, 'first')),
      buildModelFolder(join(folder, 'second'), { seed: 36 }),
    ]);
    return { first: first.dir, second: second.dir };
  })
  // The table is so short that a short prompt exceeds it.
  .extend('longFolder', async ({ folder }) => {
    const tokens = { originalMaxPositions: 64, maxPositions: 512 };
    return (await buildModelFolder(join(folder, 'long'), tokens)).dir;
  });

const phi3 = (): Model => {
  const model = findModel('microsoft', 'Phi-3-mini-4k-instruct');
  if (!model) throw new Error('The catalogue has no Phi-3-mini-4k-instruct.');
  return model;
};

type Ctx = { db: Db; store: TaskStore; tenant: Tenant; tickets: TicketTransport };

/** Assigns a task to the only worker, and reads the task when it has ended. */
async function runToEnd(
  { db, store, tenant, tickets }: Ctx,
  { model, prompt }: { model: Model; prompt: string },
): Promise<TaskRow> {
  const parameters = { prompt, max_tokens: '2', temperature: '0' };
  const { id } = await createTask({ store }, aTask(tenant, { model, parameters }));
  const [worker] = await db.sql<{ id: string }[]>`select id from workers`;
  const workerId = worker?.id ?? '';
  const { assigned } = await assignTasks({ store }, [{ taskId: id, workerId, generation: 1 }]);
  await tickets.send(workerId, assigned);
  return eventually(async () => {
    const task = await readTask({ db }, { ...tenant, reference: { id } });
    expect(task.status).toBe('task_postprocess_end');
    return task;
  });
}

test('a worker with several models loads each on demand, within its memory', async ({
  db,
  store,
  tenant,
  folders,
  databaseUrl,
  redisUrl,
}) => {
  const bytes = await measureModel(folders.first, { slots: SLOTS, provider: 'cpu' });
  const config = workerConfig.parse({
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    WORKER_PORT: '0',
    WORKER_NAME: 'rack-7',
    WORKER_SLOTS: String(SLOTS),
    MODEL_DIR: folders.first,
    WORKER_MODELS: `microsoft/Phi-3-mini-4k-instruct=${folders.second}`,
    // Only one of the two fits.
    WORKER_MEMORY_BYTES: String(Math.floor(1.5 * bytes)),
    WORKER_LABELS: 'zone=a',
    ENGINE_PROVIDER: 'cpu',
    ENGINE_THREADS: '1',
  });
  const logger = createLogger({ role: 'worker', level: 'silent' });
  await using _worker = await startWorker(config, { logger });
  await using tickets = openTicketTransport({ url: redisUrl, kind: 'lists' });

  type Row = {
    id: string;
    pools: string[];
    labels: string[];
    loaded: Record<string, { bytes: number; contextTokens: number }>;
    sizes: Record<string, number>;
  };
  const readRow = async (): Promise<Row> => {
    const [row] = await db.sql<Row[]>`select id, pools, labels, loaded, sizes from workers`;
    if (!row) throw new Error('No worker is registered.');
    return row;
  };
  /** Runs a task of a model, and returns the weights that it ran on. */
  const run = async (model: Model): Promise<string> => {
    const end = await runToEnd({ db, store, tenant, tickets }, { model, prompt: 'Hello' });
    expect(end.outcome).toBe('succeeded');
    return end.receipt?.weights ?? '';
  };

  const atFirst = await readRow();
  expect(atFirst.pools).toEqual([phi().pool, phi3().pool]);
  expect(atFirst.labels).toEqual(expect.arrayContaining(['host=rack-7', 'provider=cpu', 'zone=a']));
  expect(atFirst.sizes).toEqual({ [phi().pool]: bytes, [phi3().pool]: bytes });
  const contextTokens = expect.any(Number) as number;
  expect(atFirst.loaded).toEqual({ [phi().pool]: { bytes, contextTokens } });

  expect(await run(phi3())).toBe('second');
  await eventually(async () => {
    expect((await readRow()).loaded).toEqual({ [phi3().pool]: { bytes, contextTokens } });
  });
  expect(await run(phi())).toBe('first');
});

test('a worker with a longer context runs prompts beyond the short rope table; a prompt beyond its context is refused with its size and costs nothing', async ({
  db,
  store,
  tenant,
  longFolder,
  databaseUrl,
  redisUrl,
}) => {
  const config = workerConfig.parse({
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    WORKER_PORT: '0',
    WORKER_SLOTS: String(SLOTS),
    MODEL_DIR: longFolder,
    ENGINE_PROVIDER: 'cpu',
    ENGINE_THREADS: '1',
    ENGINE_CONTEXT_TOKENS: '256',
  });
  const logger = createLogger({ role: 'worker', level: 'silent' });
  await using _worker = await startWorker(config, { logger });
  await using tickets = openTicketTransport({ url: redisUrl, kind: 'lists' });
  const run = (prompt: string) =>
    runToEnd({ db, store, tenant, tickets }, { model: phi(), prompt });

  const long = await run('the task waits in a fair queue and '.repeat(12));
  expect(long.outcome).toBe('succeeded');
  expect(long.receipt?.promptTokens).toBeGreaterThan(64);

  const tooLong = await run('the task waits in a fair queue and '.repeat(60));
  expect(tooLong).toMatchObject({ outcome: 'rejected', totalCost: 0n });
  expect(tooLong.debugError).toMatch(
    /prompt is \d+ tokens long, whose cache takes 1 MiB; .* at most 255 fit the context of 256/u,
  );
});

test('a model outside the catalogue prevents the start and is named; a published one is served', async ({
  databaseUrl,
  redisUrl,
  db,
}) => {
  const logger = createLogger({ role: 'worker', level: 'silent' });
  const config = workerConfig.parse({
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    WORKER_PORT: '0',
    WORKER_MODELS: 'acme/tiny',
    ENGINE: 'echo',
  });
  await expect(startWorker(config, { logger })).rejects.toThrow(
    'acme/tiny is not in the catalogue',
  );
  const price = { method: 'request', parts: { request: '0.01' } };
  const document = { owner: 'acme', name: 'Tiny', description: 'Small.', price };
  await publishModel({ db }, parseModelDocument(document));
  await using _worker = await startWorker(config, { logger });
  const rows = await db.sql`select pools from workers`;
  expect([...rows]).toEqual([{ pools: [phi().pool, 'acme.tiny'] }]);
});

test('a list of models or labels that is none is refused with the settings', () => {
  const settings = { DATABASE_URL: 'postgres://x', REDIS_URL: 'redis://x' };
  const models = workerConfig.safeParse({ ...settings, WORKER_MODELS: 'llama=/x' });
  expect(models.error?.message).toContain('which is not an owner/name');
  const labels = workerConfig.safeParse({ ...settings, WORKER_LABELS: 'gpu' });
  expect(labels.error?.message).toContain('must be name=value');
});

test('a worker that stops in order logs no warning', async ({ databaseUrl, redisUrl, db }) => {
  const config = workerConfig.parse({
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    WORKER_PORT: '0',
    ENGINE: 'echo',
  });
  const logger = createLogger({ role: 'worker', level: 'silent' });
  const warn = vi.spyOn(logger, 'warn');
  const worker = await startWorker(config, { logger });
  await worker[Symbol.asyncDispose]();
  expect(warn.mock.calls).toEqual([]);
  const rows = await db.sql`select state from workers`;
  expect([...rows]).toEqual([{ state: 'stopped' }]);
});
