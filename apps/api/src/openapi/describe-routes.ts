import { refusalSchema } from '@runfleet/protocol';
import { z } from 'zod';

import type { Route } from '../route.ts';

type Json = Record<string, unknown>;

const PREFIX = '/v1/';
const JSON_BODY = { 'application/json': { schema: { type: 'object' } } };
const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'key, key:secret, or base64 of key:secret',
  },
  key: { type: 'apiKey', in: 'header', name: 'x-api-key' },
};

/** An OpenAPI 3.1 document of the routes under `/v1`, whose paths are relative to `serverUrl`. */
export function describeRoutes(routes: readonly Route[], serverUrl: string): Json {
  const served = routes.filter(({ call }) => pathOf(call).startsWith(PREFIX));
  const names = namesOf(served);
  const paths: Record<string, Json> = {};
  for (const route of served) {
    const method = route.call.startsWith('GET ') ? 'get' : 'post';
    const path = templateOf(route.call);
    paths[path] = { ...paths[path], [method]: describeCall(route, names) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Runfleet', version: '1' },
    servers: [{ url: serverUrl }],
    security: [{ bearer: [] }, { key: [] }],
    paths,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      schemas: Object.fromEntries([...names].map(([schema, name]) => [name, jsonSchemaOf(schema)])),
    },
  };
}

function describeCall({ call, answer }: Route, names: ReadonlyMap<z.ZodType, string>): Json {
  const content = answer === null ? {} : { content: contentOf(answer, names) };
  return {
    operationId: nameOf(call),
    parameters: [...call.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...(call.startsWith('POST ') && { requestBody: { content: JSON_BODY } }),
    responses: {
      200: { description: 'The answer, or a refusal with `result` false.', ...content },
      default: { description: 'A refusal.', content: contentOf(refusalSchema, names) },
    },
  };
}

function contentOf(schema: z.ZodType, names: ReadonlyMap<z.ZodType, string>): Json {
  const one = { $ref: `#/components/schemas/${names.get(schema)}` };
  const refusal = { $ref: '#/components/schemas/refusal' };
  const body = schema === refusalSchema ? one : { anyOf: [one, refusal] };
  return { 'application/json': { schema: body } };
}

/** A name for each distinct schema: that of the first call that answers with it. */
function namesOf(routes: readonly Route[]): Map<z.ZodType, string> {
  const names = new Map<z.ZodType, string>([[refusalSchema, 'refusal']]);
  for (const { call, answer } of routes) {
    if (answer !== null && !names.has(answer)) names.set(answer, nameOf(call));
  }
  return names;
}

function jsonSchemaOf(schema: z.ZodType): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'output' });
  return rest;
}

/** `POST /v1/run/:owner/:name/sync` is `run.sync`. */
function nameOf(call: string): string {
  const names = pathOf(call)
    .slice(PREFIX.length)
    .split('/')
    .filter((segment) => !segment.startsWith(':'));
  return names.join('.');
}

function templateOf(call: string): string {
  return `/${pathOf(call).slice(PREFIX.length)}`.replaceAll(/:(\w+)/g, '{$1}');
}

function pathOf(call: string): string {
  return call.slice(call.indexOf('/'));
}
