/** A megabyte of any kind of character, anywhere in a request, takes time linear in its length. */
import { RUN_HEADERS } from '@runfleet/protocol';
import { createMetrics } from '@runfleet/service';
import { expect } from 'vitest';

import { createApi } from './create-api.ts';
import { ByteBudget } from './http/byte-budget.ts';
import { CallRates } from './http/call-rates.ts';
import { RUN, testWithApi as test } from './testing.ts';

const MEGABYTE = 1_000_000;
const PART = 8;
const CLASSES = [' ', '1', 'a', '/', '.', ',', '=', '%', '[', '\u00e9'];
const CREDENTIALS = ['authorization', 'x-api-key', 'x-nonce', 'x-signature', 'cookie'];
const HEADERS = [
  ...Object.values(RUN_HEADERS),
  'x-project-id',
  'x-request-id',
  'x-forwarded-for',
  'content-type',
  'accept-encoding',
  'origin',
  'user-agent',
];
const POSTS = ['Task/Detail', 'Task/List', 'Task/Cancel', 'Task/Kill', 'Tool/List', 'Tool/Detail'];
/** `@` stands for a long text. */
const ROUTES = [
  ['POST', RUN],
  ['POST', '/v1/Run/@/@'],
  ...POSTS.map((call) => ['POST', `/v1/${call}`] as const),
  ['POST', '/v1/Tool/Explore'],
  ['GET', '/v1/File/@/@'],
  ['GET', '/v1/tasks/@/events'],
  ['POST', '/api/auth/@'],
  ['GET', '/api/auth/get-session'],
  ['GET', '/api/v1/me'],
  ['GET', '/admin/v1/fleet'],
  ['GET', '/admin/v1/tenants'],
  ['POST', '/admin/v1/tenants/@'],
  ['POST', '/admin/v1/projects/@'],
  ['POST', '/admin/v1/workers/@/drain'],
  ['GET', '/@'],
  ['GET', '/assets/@'],
] as const;

/** One route for each way of reading headers. */
const READERS = [
  ['POST', RUN],
  ['POST', '/v1/Tool/List'],
  ['GET', '/admin/v1/fleet'],
  ['POST', '/api/auth/sign-out'],
  ['GET', '/'],
] as const;

test.for(CLASSES)(
  'a megabyte of %j takes linear time',
  { timeout: 120_000 },
  async (character, { api, tenant }) => {
    const { cookie, origin } = await api.signIn(tenant.organisationId, { isOperator: true });
    const app = createApi({
      ...api.ctx,
      metrics: createMetrics({ role: 'api' }),
      rates: new CallRates({ address: 1e6, project: 1e6 }),
      bodies: new ByteBudget(MEGABYTE),
    });
    const key = { authorization: `Bearer ${tenant.apiKey}:${tenant.apiSecret}` };

    const callerOf = (path: string) => (path.startsWith('/v1') ? key : { cookie, origin });
    const ask = async (method: string, path: string, headers: Record<string, string>) => {
      const { status } = await app.request(path, { method, headers });
      expect({ path: path.slice(0, 80), isFault: status >= 500 }).toMatchObject({ isFault: false });
    };
    const send = async (sizeBytes: number) => {
      const text = character.repeat(sizeBytes);
      const inUrl = encodeURI(text.slice(0, sizeBytes)).slice(0, sizeBytes);
      const long = (names: readonly string[]) =>
        Object.fromEntries(names.map((name): [string, string] => [name, `x${text}x`]));
      const startedAt = process.cpuUsage();
      for (const [method, path] of ROUTES) {
        const url = `${path.replaceAll('@', () => `x${inUrl}`)}?q=${inUrl}&tasktoken=${inUrl}`;
        await ask(method, url, callerOf(path));
      }
      for (const [method, path] of READERS) {
        await ask(method, path, { ...long(HEADERS), ...callerOf(path) });
        await ask(method, path, long(CREDENTIALS));
        await ask(method, path, {
          authorization: `Bearer ${text}x`,
          cookie: `runfleet.session_token=${text}x`,
        });
      }
      const { user, system } = process.cpuUsage(startedAt);
      return (user + system) / 1e6;
    };

    const partSeconds = await send(MEGABYTE / PART);
    const wholeSeconds = await send(MEGABYTE);
    // Linear time is 8 times as long, quadratic 64 times; the margin is for garbage collection.
    expect(wholeSeconds).toBeLessThan(3 * PART * partSeconds + 1);
  },
);
