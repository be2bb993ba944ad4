import { expect } from 'vitest';

import { RUN, testWithApi as base } from '../testing.ts';

type Tool = Record<string, unknown>;
type Listed = { total: number; tool: Tool[]; result: boolean };

const test = base.extend('ask', async ({ api }) => {
  return async (path: string, body: unknown = {}) => {
    const init = { method: 'POST', body: JSON.stringify(body) };
    return (await api.request(`/v1/Tool/${path}`, init)).body as Listed;
  };
});

test('a model nobody has run is described in the keys of the wire', async ({ ask }) => {
  const answer = await ask('Detail', {
    slugowner: 'Microsoft',
    slugproject: 'phi-3-5-mini-instruct',
  });
  expect(answer).toMatchObject({ errors: [], result: true });
  const [tool = {}] = answer.tool;
  expect(Object.keys(tool)).toEqual([
    'id',
    'title',
    'slugowner',
    'slugproject',
    'cleanslugowner',
    'cleanslugproject',
    'description',
    'readme',
    'image',
    'computingtime',
    'categories',
    'tags',
    'samples',
    'inspire',
    'parameters',
    'marketplace',
    'onlymembers',
    'averagepoint',
    'commentcount',
    'ratedusercount',
    'dynamicprice',
    'cps',
    'approximatelycost',
    'taskstat',
    'seotitle',
    'seodescription',
  ]);
  expect(tool).toMatchObject({
    id: '598',
    title: 'microsoft/Phi-3.5-mini-instruct',
    cleanslugproject: 'phi-3-5-mini-instruct',
    marketplace: null,
    cps: '0.000585000000',
    approximatelycost: '0.000000000000',
    taskstat: { runcount: 0, successcount: '0', errorcount: '0', lastruntime: '0' },
    seotitle: 'microsoft/Phi-3.5-mini-instruct',
    seodescription: expect.stringContaining('lightweight language model'),
    parameters: [
      { title: 'Input', items: [{ id: 'prompt', type: 'textarea', required: true }, {}] },
      { title: 'Settings' },
      { title: 'Advanced' },
    ],
  });
});

test('runs are counted, and their average time priced', async ({ api, tenant, ask, db }) => {
  await api.call(tenant, RUN, { prompt: 'a' });
  await api.call(tenant, RUN, { prompt: 'b' });
  await db.sql`
    update tasks set status = 'task_postprocess_end', outcome = 'succeeded', pexit = '0',
      queued_in = null, accepted_at = now() - interval '6 seconds', ended_at = now(),
      postprocess_ended_at = now()
    where id = (select min(id) from tasks)`;
  const { tool } = await ask('Detail', {
    slugowner: 'microsoft',
    slugproject: 'Phi-3.5-mini-instruct',
  });
  expect(tool[0]).toMatchObject({
    computingtime: '6 seconds',
    approximatelycost: '0.003510000000',
    taskstat: {
      runcount: 2,
      successcount: '1',
      errorcount: '0',
      lastruntime: expect.stringMatching(/^\d{10}$/),
    },
  });
});

test('a summary leaves out what is long', async ({ ask }) => {
  const { tool } = await ask('List', { summary: true });
  expect(tool[0]).not.toHaveProperty('readme');
  expect(tool[0]).toHaveProperty('parameters');
});

test('Tool/List finds by text, category, tag and owner', async ({ ask }) => {
  const wanted = [
    [{}, 2],
    [{ start: '0', limit: '20', sort: 'id', order: 'DESC', hideworkflows: true }, 2],
    [{ search: 'PHI-3.5' }, 1],
    [{ search: 'stable diffusion' }, 0],
    [{ search: 'phi mini' }, 2],
    [{ search: 'mini  PHI' }, 2],
    [{ search: '4k phi' }, 1],
    [{ search: 'struct' }, 2],
    [{ search: 'phi-3-5-mini-instruct' }, 1],
    [{ search: 'microsoft/Phi-3.5-mini-instruct' }, 1],
    [{ search: '\uff50\uff48\uff49' }, 2],
    [{ search: '???' }, 0],
    [{ search: '  ' }, 2],
    [{ start: '1.0', limit: '2e1', search: null }, 2],
    [{ categories: ['image', 'llm'] }, 2],
    [{ categories: ['image'] }, 0],
    [{ tags: ['chat'] }, 2],
    [{ tags: ['phi-3'] }, 1],
    [{ slugowner: 'MICROSOFT' }, 2],
    [{ slugowner: 'meta' }, 0],
  ] as const;
  for (const [body, total] of wanted) {
    const answer = await ask('List', body);
    expect({ body, ...answer }).toMatchObject({ body, total, errors: [], result: true });
    expect(answer.tool).toHaveLength('start' in body && body.start !== '0' ? total - 1 : total);
  }
});

test('the catalogue is sorted by relevance or by runs where that is asked', async ({
  ask,
  api,
  tenant,
}) => {
  await api.call(tenant, RUN, { prompt: 'a' });
  const idsOf = async (body: object) => (await ask('List', body)).tool.map(({ id }) => id);
  expect(await idsOf({})).toEqual(['598', '599']);
  expect(await idsOf({ order: 'DESC' })).toEqual(['599', '598']);
  expect(await idsOf({ search: '3 first phi', sort: 'relevance' })).toEqual(['599']);
  expect(await idsOf({ search: 'mini 4', sort: 'relevance' })).toEqual(['599']);
  expect(await idsOf({ search: 'phi', sort: 'relevance' })).toEqual(['598', '599']);
  expect(await idsOf({ sort: 'runcount' })).toEqual(['598', '599']);
  expect(await idsOf({ sort: 'runcount', order: 'ASC' })).toEqual(['599', '598']);
});

test('a search that is no text, or a very long one, is refused', async ({ ask }) => {
  for (const search of [7, ['phi'], { a: 1 }, 'x'.repeat(201)]) {
    await expect(ask('List', { search })).resolves.toEqual({
      errors: [
        { code: 0, message: 'Request parameter [search] must be a text of at most 200 characters' },
      ],
      result: false,
    });
  }
});

test('Tool/Explore shows the catalogue by category', async ({ ask }) => {
  await expect(ask('Explore')).resolves.toMatchObject({
    explore: [{ id: 'tool', title: 'tool', tools: [{ id: '598' }, { id: '599' }] }, {}, {}],
    result: true,
  });
});

test('an unknown model and a missing slug are told apart', async ({ ask }) => {
  await expect(ask('Detail', { slugowner: 'a', slugproject: 'b' })).resolves.toEqual({
    errors: [{ code: 1, message: 'slug-owner-project-not-exist' }],
    result: false,
  });
  await expect(ask('Detail', { slugowner: 'a' })).resolves.toEqual({
    errors: [{ code: 0, message: 'Request parameter [slugproject] required' }],
    result: false,
  });
});

test('everybody may read the catalogue, but a wrong key is still wrong', async ({ api }) => {
  const init = { method: 'POST', headers: { 'x-api-key': 'nobody' } };
  expect((await api.request('/v1/Tool/List', init)).status).toBe(401);
  const expired = { method: 'POST', headers: { cookie: 'runfleet.session_token=old' } };
  expect((await api.request('/v1/Tool/List', expired)).status).toBe(200);
});
