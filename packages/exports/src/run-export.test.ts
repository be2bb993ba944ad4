import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { openLocalStorage } from '@runfleet/storage';
import { cancelTask, createTask } from '@runfleet/tasks';
import { aTask, createTenant, testWithTasks, type Tenant } from '@runfleet/tasks/testing';
import { expect } from 'vitest';

import { cancelExport } from './cancel-export.ts';
import { createExport, EXPORT_LIMITS } from './create-export.ts';
import { deleteExport, listExportJobs } from './keep-exports.ts';
import { listExports, openExport, readExport } from './read-exports.ts';
import { type ExportContext, runExport } from './run-export.ts';

const DAY = 86_400_000_000n;

const test = testWithTasks
  .extend('folder', async ({}, { onCleanup }) => {
    const folder = await mkdtemp(join(tmpdir(), 'exports-'));
    onCleanup(() => rm(folder, { recursive: true }));
    return folder;
  })
  .extend('exporting', ({ db, folder }): ExportContext => {
    return {
      db,
      storage: openLocalStorage(folder),
      signal: new AbortController().signal,
      modelNameOf: (id) => `owner/${id}`,
    };
  })
  .extend('order', ({ db }) => (tenant: Tenant, changes: object = {}) => {
    const until = BigInt(Date.now()) * 1_000n + DAY;
    const period = { from: until - 2n * DAY, until };
    return createExport({ db }, { ...tenant, kind: 'tasks', format: 'csv', ...period, ...changes });
  })
  /** Many ended tasks of a project, of which each was charged a dollar. */
  .extend('end', ({ db }) => async (tenant: Tenant, count: number) => {
    const { organisationId, projectId, ownerId } = tenant;
    await db.sql`
      with ended as (
        insert into tasks (organisation_id, project_id, owner_id, token, model_id, pool, parameters,
          seed, timeout_seconds, status, epoch, seq, changed_at, queued_at, price_version, cps, held,
          total_cost, outcome, fairness_key)
        select ${organisationId}, ${projectId}, ${ownerId}, gen_random_uuid(), 'm', 'p', '{}', 1, 60,
          'task_postprocess_end', 1, 1, now(), now() - make_interval(secs => n / 3), 'v', 1, 0, 1,
          'succeeded', '=1+' || n
        from generate_series(1, ${count}::int) n returning id
      )
      insert into transfers (business_key, organisation_id, debit, credit, amount, task_id)
      select 'task:' || id || ':settle', ${organisationId}, 'held:' || ${organisationId}, 'revenue', 1, id
      from ended`;
  });

const textOf = async (ctx: ExportContext, organisationId: string, id: string) => {
  const file = await openExport(ctx, { organisationIds: [organisationId], id });
  return file === null ? null : text(file.body);
};

test('an export has every ended task of its project and period once, over many pages', async ({
  exporting,
  order,
  end,
  ctx,
  db,
  tenant,
}) => {
  await end(tenant, 2_345);
  await end(await createTenant(db), 3);
  await createTask(ctx, aTask(tenant));
  const id = await order(tenant);
  expect(await runExport(exporting, id)).toBe('done');
  const found = await readExport({ db }, { projectId: tenant.projectId, id });
  expect(found).toMatchObject({ state: 'finished', rowsDone: 2_345, rowsTotal: 2_345 });
  const lines = (await textOf(exporting, tenant.organisationId, id))?.trimEnd().split('\r\n') ?? [];
  expect(lines[0]).toContain('taskid,model,outcome,created');
  expect(new Set(lines.slice(1).map((line) => line.split(',')[0])).size).toBe(2_345);
  // A spreadsheet must not run what a client named a user.
  expect(lines[1]).toContain(',owner/m,succeeded,');
  expect(lines[1]).toMatch(/,'=1\+\d+$/);
});

test('the bills of a period add up to what the ledger charged', async ({
  exporting,
  order,
  end,
  tenant,
}) => {
  await end(tenant, 1_200);
  const id = await order(tenant, { kind: 'bills', format: 'jsonl' });
  await runExport(exporting, id);
  const lines = (await textOf(exporting, tenant.organisationId, id))?.trimEnd().split('\n') ?? [];
  const amounts = lines.map((line) =>
    Number((JSON.parse(line) as { amountUsd: string }).amountUsd),
  );
  expect(amounts).toHaveLength(1_200);
  expect(amounts.reduce((sum, amount) => sum + amount, 0)).toBe(1_200);
});

test('an export without rows is a file with a header', async ({ exporting, order, tenant }) => {
  const id = await order(tenant);
  await runExport(exporting, id);
  expect(await textOf(exporting, tenant.organisationId, id)).toMatch(/^taskid,.*\r\n$/);
});

test('another organisation can neither see, cancel nor download it', async ({
  exporting,
  order,
  db,
  tenant,
}) => {
  const other = await createTenant(db);
  const id = await order(tenant);
  await runExport(exporting, id);
  await expect(readExport({ db }, { projectId: other.projectId, id })).rejects.toThrow('No such');
  await expect(cancelExport({ db }, { projectId: other.projectId, id })).rejects.toThrow('No such');
  expect(await textOf(exporting, other.organisationId, id)).toBeNull();
});

test('an export that is cancelled while it is written stops and leaves no file', async ({
  exporting,
  order,
  end,
  db,
  folder,
  tenant,
}) => {
  await end(tenant, 2_500);
  const id = await order(tenant);
  const { storage } = exporting;
  const cancelling: ExportContext = {
    ...exporting,
    storage: {
      ...storage,
      put: async (key, body, options) => {
        async function* cancelled() {
          for await (const bytes of body as AsyncIterable<Uint8Array>) {
            yield bytes;
            await cancelExport({ db }, { projectId: tenant.projectId, id });
          }
        }
        return storage.put(key, cancelled(), options);
      },
    },
  };
  expect(await runExport(cancelling, id)).toBe('done');
  const found = await readExport({ db }, { projectId: tenant.projectId, id });
  expect(found).toMatchObject({ state: 'cancelled', rowsDone: 1_000 });
  const left = await readdir(folder, { recursive: true, withFileTypes: true });
  expect(left.filter((entry) => entry.isFile())).toEqual([]);
});

test('an export whose process died is found, and written by another one', async ({
  exporting,
  order,
  end,
  db,
  tenant,
}) => {
  await end(tenant, 10);
  const id = await order(tenant);
  await db.sql`
    update exports set state = 'running', attempts = 1, rows_done = 7, attempt_id = gen_random_uuid(),
      leased_until = now() + interval '1 minute'`;
  expect(await listExportJobs({ db })).toEqual([]);
  // While its claim holds, a repeated job does nothing.
  await runExport(exporting, id);
  expect((await readExport({ db }, { projectId: tenant.projectId, id })).state).toBe('running');
  await db.sql`update exports set leased_until = now()`;
  expect(await listExportJobs({ db })).toEqual([{ task: 'write', id, attempt: 1 }]);
  await runExport(exporting, id);
  expect(await readExport({ db }, { projectId: tenant.projectId, id })).toMatchObject({
    state: 'finished',
    rowsDone: 10,
  });
});

test('an attempt that fails is queued again, and the last one says why', async ({
  exporting,
  order,
  db,
  tenant,
}) => {
  const id = await order(tenant);
  const put = () => Promise.reject(new Error('The disk is full.'));
  const broken: ExportContext = { ...exporting, storage: { ...exporting.storage, put } };
  const read = () => readExport({ db }, { projectId: tenant.projectId, id });
  await expect(runExport(broken, id)).rejects.toThrow('full');
  expect(await read()).toMatchObject({ state: 'queued', error: 'The disk is full.' });
  // Its own job makes the next attempt; a broker adds another job only after a while.
  expect(await listExportJobs({ db })).toEqual([]);
  await expect(runExport(broken, id)).rejects.toThrow('full');
  await expect(runExport(broken, id)).rejects.toThrow('full');
  expect(await read()).toMatchObject({ state: 'failed', error: 'The disk is full.' });
});

test('an expired export is unreadable at once, and then deleted with its file', async ({
  exporting,
  order,
  db,
  folder,
  tenant,
}) => {
  const id = await order(tenant);
  await runExport(exporting, id);
  await deleteExport(exporting, id);
  expect(await textOf(exporting, tenant.organisationId, id)).not.toBeNull();
  await db.sql`update exports set expires_at = now()`;
  expect(await textOf(exporting, tenant.organisationId, id)).toBeNull();
  const page = { projectId: tenant.projectId, start: 0, limit: 9 };
  expect(await listExports({ db }, page)).toEqual({ total: 0, exports: [] });
  expect(await listExportJobs({ db })).toEqual([{ task: 'delete', id, attempt: 1 }]);
  await deleteExport(exporting, id);
  expect(await db.sql`select from exports`).toHaveLength(0);
  const left = await readdir(folder, { recursive: true, withFileTypes: true });
  expect(left.filter((entry) => entry.isFile())).toEqual([]);
});

test('of many orders at once an organisation gets as many as it may have open', async ({
  order,
  db,
  tenant,
}) => {
  const orders = await Promise.allSettled(Array.from({ length: 10 }, () => order(tenant)));
  const accepted = orders.filter(({ status }) => status === 'fulfilled');
  expect(accepted).toHaveLength(EXPORT_LIMITS.openPerOrganisation);
  await expect(order(await createTenant(db))).resolves.toBeTypeOf('string');
});

test('a period longer than a year, and one that ends before it begins, are refused', async ({
  order,
  tenant,
}) => {
  await expect(order(tenant, { from: 0n })).rejects.toThrow('366 days');
  await expect(order(tenant, { until: 0n })).rejects.toThrow('after [from]');
});

test('a cancelled task is in the export, too', async ({ exporting, order, ctx, tenant }) => {
  const { id: taskId } = await createTask(ctx, aTask(tenant));
  await cancelTask(ctx, { organisationId: tenant.organisationId, reference: { id: taskId } });
  const id = await order(tenant);
  await runExport(exporting, id);
  expect(await textOf(exporting, tenant.organisationId, id)).toContain(`${taskId},`);
});
