/** The api offers what operators publish, without a restart. */
import { MODELS, parseModelDocument } from '@runfleet/catalog';
import { publishModel, retireModel } from '@runfleet/publishing';
import { expect } from 'vitest';

import { RUN, testWithApi } from './testing.ts';

const TINY = '/v1/Run/acme/Tiny';
const NOT_FOUND = { errors: [{ code: 1, message: 'slug-owner-project-not-exist' }], result: false };
const document = (changes: object = {}) =>
  parseModelDocument({
    owner: 'acme',
    name: 'Tiny',
    description: 'A small model.',
    categories: ['llm'],
    price: { method: 'request', parts: { request: '0.01' } },
    ...changes,
  });

const test = testWithApi.extend('publish', ({ api, db }) => async (changes: object = {}) => {
  const { model } = await publishModel({ db }, document(changes));
  await api.ctx.catalogue.refresh();
  return model;
});

test('a published model is listed and takes Runs, by its aliases too', async ({
  api,
  tenant,
  publish,
}) => {
  expect((await api.call(tenant, TINY, { prompt: 'Hi' })).body).toEqual(NOT_FOUND);
  const { id } = await publish({ aliases: ['acme/small'] });
  for (const path of [TINY, '/v1/Run/ACME/small']) {
    const { body } = await api.call(tenant, path, { prompt: 'Hi' });
    const detail = await api.call(tenant, '/v1/Task/Detail', { taskid: body['taskid'] });
    expect(detail.body).toMatchObject({
      tasklist: [{ modelid: id, modelslugproject: 'Tiny', modeldescription: 'A small model.' }],
    });
  }
  const listed = await api.call(tenant, '/v1/Tool/List', { search: 'tiny' });
  expect(listed.body).toMatchObject({
    total: 1,
    tool: [{ id, cps: '0.000000000000', price: { version: 'acme/Tiny/1', method: 'request' } }],
  });
  const found = await api.call(tenant, '/v1/Task/List', { modelName: 'tiny' });
  expect(found.body).toMatchObject({ total: '2' });
});

test('on a shared path a parameter selects the model, as published chat nodes do', async ({
  api,
  tenant,
  publish,
}) => {
  const on = (value: string) => ({ path: 'wiro/chat', parameter: 'selectedModel', value });
  const first = await publish({ choices: [on('712')] });
  const second = await publish({ name: 'Other', choices: [on('800')] });
  const run = async (body: object) =>
    (await api.call(tenant, '/v1/Run/wiro/Chat', { prompt: 'Hi', user_id: '', ...body })).body;
  for (const [selectedModel, { id }] of [
    ['712', first],
    [800, second],
  ] as const) {
    const { taskid } = await run({ selectedModel });
    const detail = await api.call(tenant, '/v1/Task/Detail', { taskid });
    const parameters = { prompt: 'Hi', user_id: '', selectedModel };
    expect(detail.body).toMatchObject({ tasklist: [{ modelid: id, parameters }] });
  }
  const REFUSED = {
    errors: [{ code: 0, message: 'Request parameter [selectedModel] must be one of 712, 800' }],
    result: false,
  };
  for (const selectedModel of ['7', '', undefined, ['712'], { a: 712 }]) {
    expect(await run({ selectedModel })).toEqual(REFUSED);
  }
  // A model with the path as an alias is the one of a Run that selects none.
  const { id } = await publish({ name: 'Third', aliases: ['wiro/chat'] });
  const { taskid } = await run({ selectedModel: '' });
  const detail = await api.call(tenant, '/v1/Task/Detail', { taskid });
  expect(detail.body).toMatchObject({ tasklist: [{ modelid: id }] });
  expect(await run({ selectedModel: '7' })).toEqual(REFUSED);
  expect((await api.call(tenant, TINY, { prompt: 'Hi', selectedModel: '712' })).body).toMatchObject(
    {
      errors: [{ message: expect.stringContaining('[selectedModel] is not supported') }],
    },
  );
});

test('a task keeps the price and the limits of the version that accepted it', async ({
  api,
  tenant,
  db,
  publish,
}) => {
  const readTasks = () => db.sql`
    select price_version, held, limits->>'outputTokens' as tokens from tasks order by id`;
  await publish({ limits: { maxTokens: 100 } });
  await api.call(tenant, TINY, { prompt: 'Hi' });
  const price = { method: 'token', parts: { input: '0.000001', output: '0.0001' } };
  await publish({ price, limits: { maxTokens: 50 } });
  await api.call(tenant, TINY, { prompt: 'Hi', max_tokens: 20 });
  await api.call(tenant, TINY, { prompt: 'Hi', max_tokens: 9_999 });
  const rows = await readTasks();
  expect(rows.map(({ tokens }) => tokens)).toEqual(['100', '20', '50']);
  expect(rows.map((row) => row['price_version'])).toEqual([
    'acme/Tiny/1',
    'acme/Tiny/2',
    'acme/Tiny/2',
  ]);
  const [first, second, third] = rows.map(({ held }) => Number(held));
  expect(first).toBe(0.01);
  expect((third ?? 0) - (second ?? 0)).toBeCloseTo(30 * 0.0001, 12);
});

test("a model's own limit of the timeout is named where a Run exceeds it", async ({
  api,
  tenant,
  publish,
}) => {
  await publish({ limits: { maxTimeoutSeconds: 60 } });
  const { body } = await api.call(tenant, TINY, { prompt: 'Hi', timeout: 61 });
  expect(body).toMatchObject({
    errors: [{ code: 0, message: 'Request parameter [timeout] must be between 1 and 60' }],
  });
});

test('a retired model takes no Runs; its queued task stays and keeps its name', async ({
  api,
  tenant,
  db,
  publish,
}) => {
  await publish();
  const { body } = await api.call(tenant, TINY, { prompt: 'Hi' });
  await retireModel({ db }, { owner: 'acme', name: 'Tiny' });
  await api.ctx.catalogue.refresh();
  expect((await api.call(tenant, TINY, { prompt: 'Hi' })).body).toEqual(NOT_FOUND);
  expect((await api.call(tenant, '/v1/Tool/List', {})).body).toMatchObject({
    total: MODELS.length,
  });
  const detail = await api.call(tenant, '/v1/Task/Detail', { taskid: body['taskid'] });
  expect(detail.body).toMatchObject({
    tasklist: [{ status: 'task_queue', modelslugproject: 'Tiny' }],
  });
  expect((await api.call(tenant, RUN, { prompt: 'Hi' })).body).toMatchObject({ result: true });
});
