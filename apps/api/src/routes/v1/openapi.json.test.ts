import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';

import { ROUTES } from '../../routes.ts';
import { ORIGIN, RUN, testWithApi as test } from '../../testing.ts';

type Operation = {
  operationId: string;
  responses: { 200: { content?: { 'application/json': { schema: object } } } };
};
type Document = {
  openapi: string;
  servers: unknown;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
};

test('the OpenAPI document has every route under /v1 exactly once', async ({ api }) => {
  const { status, body } = await api.request('/v1/OpenAPI.json');
  const document = body as unknown as Document;
  expect({ status, openapi: document.openapi, servers: document.servers }).toEqual({
    status: 200,
    openapi: '3.1.0',
    servers: [{ url: `${ORIGIN}/v1` }],
  });
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} /v1${path}`),
  );
  const served = ROUTES.map(({ call }) => call.replaceAll(/:(\w+)/g, '{$1}')).filter((call) =>
    /^\w+ \/v1\//.test(call),
  );
  expect(described.toSorted()).toEqual(served.toSorted());
  const ids = Object.values(document.paths).flatMap((operations) =>
    Object.values(operations).map(({ operationId }) => operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
});

test('answers and refusals match the schemas of the document', async ({ api, tenant }) => {
  const document = (await api.request('/v1/openapi.json')).body as unknown as Document;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema({ $id: 'document', ...document });
  const { body: run } = await api.call(tenant, RUN, { prompt: 'Hello' });
  const calls: [path: string, call: string, body: object][] = [
    ['/run/{owner}/{name}', RUN, { prompt: 'Hello' }],
    ['/run/{owner}/{name}', RUN, {}],
    ['/task/detail', '/v1/Task/Detail', { taskid: run['taskid'] }],
    ['/task/detail', '/v1/Task/Detail', {}],
    ['/task/list', '/v1/Task/List', { summary: true }],
    ['/task/stat', '/v1/Task/Stat', {}],
    ['/tool/list', '/v1/Tool/List', {}],
    ['/tool/explore', '/v1/Tool/Explore', {}],
  ];
  for (const [path, call, sent] of calls) {
    const pointer = `#/paths/${path.replaceAll('/', '~1')}/post/responses/200/content/application~1json/schema`;
    const { body } = await api.call(tenant, call, sent);
    const validate = ajv.compile({ $ref: `document${encodeURI(pointer)}` });
    expect({ path, isValid: validate(body), errors: validate.errors }).toEqual({
      path,
      isValid: true,
      errors: null,
    });
    expect(validate({ ...body, extra: 1 })).toBe(false);
  }
});
