import { expect } from 'vitest';

import { RUN } from '../../../testing.ts';
import { testWithTools as test } from './testing.ts';

test('a model that never ran is answered with every key of the wire', async ({ ask }) => {
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
    'price',
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
      {
        title: 'Input',
        items: [
          { id: 'prompt', type: 'textarea', required: true },
          { id: 'inputFile', type: 'fileinput', required: false },
          { id: 'system_prompt' },
        ],
      },
      { title: 'Settings' },
      { title: 'Advanced' },
    ],
  });
});

test('runs are counted, and the average run is priced', async ({ api, tenant, ask, db }) => {
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

test('an unknown model and a missing slug get different errors', async ({ ask }) => {
  await expect(ask('Detail', { slugowner: 'a', slugproject: 'b' })).resolves.toEqual({
    errors: [{ code: 1, message: 'slug-owner-project-not-exist' }],
    result: false,
  });
  await expect(ask('Detail', { slugowner: 'a' })).resolves.toEqual({
    errors: [{ code: 0, message: 'Request parameter [slugproject] required' }],
    result: false,
  });
});

test('a summary leaves out the long texts, whatever form the flag has', async ({ ask }) => {
  const slugs = { slugowner: 'microsoft', slugproject: 'phi-3-5-mini-instruct' };
  for (const summary of [true, 'true', 1, '1']) {
    const [tool] = (await ask('Detail', { ...slugs, summary })).tool;
    for (const key of ['readme', 'samples', 'inspire']) expect(tool).not.toHaveProperty(key);
  }
  for (const summary of [false, 'false', 0, '']) {
    const [tool] = (await ask('Detail', { ...slugs, summary })).tool;
    expect(tool).toHaveProperty('readme');
  }
});
