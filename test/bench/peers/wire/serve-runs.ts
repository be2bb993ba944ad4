import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { z } from 'zod';

import { environment, reportReady } from './peer-environment.ts';

export type NewRun = { tenant: string; token: string; parameters: { prompt: string } };

const runSchema = z.looseObject({ prompt: z.string().min(1) });

/** `POST /v1/Run/{owner}/{model}`: checks signature and body, and answers once `accept` has stored the Run. */
export function serveRuns(accept: (run: NewRun) => Promise<{ id: string }>): void {
  const projects = new Map(environment.PROJECTS.map((project) => [project.apiKey, project]));
  const api = new Hono();

  api.post('/v1/Run/:owner/:model', async (c) => {
    const apiKey = c.req.header('x-api-key') ?? '';
    const project = projects.get(apiKey);
    const nonce = c.req.header('x-nonce') ?? '';
    if (!project || !isSigned({ ...project, nonce }, c.req.header('x-signature') ?? '')) {
      return c.json(failure('Project authorization is not valid.'), 401);
    }
    const body = runSchema.safeParse(await c.req.json().catch(() => null));
    if (!body.success) return c.json(failure('Request parameter [prompt] required'));

    const token = randomBytes(15).toString('hex');
    const { id } = await accept({ tenant: project.tenant, token, parameters: body.data });
    return c.json({ errors: [], taskid: id, socketaccesstoken: token, result: true });
  });

  serve({ fetch: api.fetch, port: environment.API_PORT, hostname: '127.0.0.1' }, reportReady);
}

function isSigned(
  request: { apiKey: string; apiSecret: string; nonce: string },
  signature: string,
): boolean {
  const expected = createHmac('sha256', request.apiKey)
    .update(request.apiSecret + request.nonce)
    .digest();
  const given = Buffer.from(signature, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function failure(message: string) {
  return { result: false, errors: [{ code: 0, message }] };
}
