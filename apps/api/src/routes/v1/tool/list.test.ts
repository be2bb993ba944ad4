import { expect } from 'vitest';

import { RUN } from '../../../testing.ts';
import { testWithTools as test } from './testing.ts';

test('a summary leaves out the long texts', async ({ ask }) => {
  const { tool } = await ask('List', { summary: true });
  expect(tool[0]).not.toHaveProperty('readme');
  expect(tool[0]).toHaveProperty('parameters');
});

test('Tool/List filters by text, category, tag and owner', async ({ ask }) => {
  const wanted = [
    [{}, 3],
    [{ start: '0', limit: '20', sort: 'id', order: 'DESC', hideworkflows: true }, 3],
    [{ search: 'PHI-3.5' }, 1],
    [{ search: 'stable diffusion' }, 0],
    [{ search: 'phi mini' }, 2],
    [{ search: 'mini  PHI' }, 2],
    [{ search: '4k phi' }, 1],
    [{ search: 'struct' }, 3],
    [{ search: 'phi-3-5-mini-instruct' }, 1],
    [{ search: 'microsoft/Phi-3.5-mini-instruct' }, 1],
    [{ search: '\uff50\uff48\uff49' }, 2],
    [{ search: '???' }, 0],
    [{ search: '  ' }, 3],
    [{ start: '1.0', limit: '2e1', search: null }, 3],
    [{ categories: ['image', 'llm'] }, 3],
    [{ categories: ['image'] }, 0],
    [{ categories: 'LLM' }, 3],
    [{ categories: [], tags: [''], hideworkflows: '1' }, 3],
    [{ categories: ['llm'], tags: ['PHI-3'], slugowner: 'microsoft', search: 'mini' }, 1],
    [{ categories: ['llm'], tags: ['phi-3'], slugowner: 'meta' }, 0],
    [{ tags: ['chat'] }, 3],
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

test('the catalogue is sorted by relevance or by runs on request', async ({ ask, api, tenant }) => {
  await api.call(tenant, RUN, { prompt: 'a' });
  const idsOf = async (body: object) => (await ask('List', body)).tool.map(({ id }) => id);
  expect(await idsOf({})).toEqual(['598', '599', '600']);
  expect(await idsOf({ order: 'DESC' })).toEqual(['600', '599', '598']);
  expect(await idsOf({ search: '3 first phi', sort: 'relevance' })).toEqual(['599']);
  expect(await idsOf({ search: 'mini 4', sort: 'relevance' })).toEqual(['599']);
  expect(await idsOf({ search: 'phi', sort: 'relevance' })).toEqual(['598', '599']);
  // The sort keys of other catalogues sort by id.
  for (const sort of ['id', 'time', 'ratedusercount', 'commentcount', 'averagepoint', '', null]) {
    expect(await idsOf({ sort, order: 'desc' })).toEqual(['600', '599', '598']);
  }
  expect(await idsOf({ sort: 'relevance', order: 'ASC', search: 'phi 4k' })).toEqual(['599']);
  expect((await ask('List', { order: 'x' })).result).toBe(false);
  expect((await idsOf({ sort: 'runcount' }))[0]).toBe('598');
  expect((await idsOf({ sort: 'runcount', order: 'ASC' })).at(-1)).toBe('598');
});

test('a search that is not a text, or is very long, is refused', async ({ ask }) => {
  for (const search of [7, ['phi'], { a: 1 }, 'x'.repeat(201)]) {
    await expect(ask('List', { search })).resolves.toEqual({
      errors: [
        {
          code: 0,
          message: 'Request parameter [search] must be a string of at most 200 characters',
        },
      ],
      result: false,
    });
  }
});

test('the catalogue is open to everyone, but a wrong key is refused', async ({ api }) => {
  const init = { method: 'POST', headers: { 'x-api-key': 'unknown' } };
  expect((await api.request('/v1/Tool/List', init)).status).toBe(401);
  const expired = { method: 'POST', headers: { cookie: 'runfleet.session_token=old' } };
  expect((await api.request('/v1/Tool/List', expired)).status).toBe(200);
});
