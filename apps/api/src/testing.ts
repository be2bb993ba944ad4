import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { compatibleAdmission, deposit } from '@runfleet/billing';
import { testWithDb } from '@runfleet/db/testing';
import { openAnnouncer, openFollower } from '@runfleet/events';
import {
  addMember,
  createAuth,
  createOrganisation,
  createProject,
  createUser,
  openMasterKey,
  ProjectCache,
  signatureOf,
} from '@runfleet/identity';
import { openOutbound } from '@runfleet/outbound';
import { parseUsd, refusalSchema } from '@runfleet/protocol';
import { CatalogueCache } from '@runfleet/publishing';
import { openCallbackJobs, openExportJobs, openJobWatch, openTaskQueue } from '@runfleet/queue';
import { createHealth, createLogger, createMetrics, NO_PROXIES } from '@runfleet/service';
import { openLocalStorage } from '@runfleet/storage';
import { openTaskStore } from '@runfleet/tasks';

import type { ApiContext } from './api-context.ts';
import { createApi } from './create-api.ts';
import { PdfReader } from './file-texts/pdf/pdf-reader.ts';
import { GrammarReader } from './grammars/grammar-reader.ts';
import { ByteBudget } from './http/byte-budget.ts';
import { CallRates } from './http/call-rates.ts';
import { rememberContextTokens } from './remember-context-tokens.ts';
import { rememberModelStatistics } from './remember-model-statistics.ts';
import type { Route } from './route.ts';
import { ROUTES } from './routes.ts';
import { OpenUploads } from './uploads/open-uploads.ts';
import { TaskWaits } from './waits/task-waits.ts';

export const ORIGIN = 'http://127.0.0.1:3100';
const PASSWORD = 'correct horse';
export const RUN = '/v1/Run/microsoft/Phi-3.5-mini-instruct';

type Project = { projectId: string; apiKey: string; apiSecret: string | null };
export type Tenant = Project & { organisationId: string; ownerId: string };
type Reply = { status: number; headers: Headers; text: string; body: Record<string, unknown> };

/** A test with the complete role on real servers: `test('…', async ({ api, tenant }) => …)`. */
export const testWithApi = testWithDb
  .extend('folder', async ({}, { onCleanup }) => {
    const folder = await mkdtemp(join(tmpdir(), 'runfleet-api-'));
    onCleanup(() => rm(folder, { recursive: true }));
    return folder;
  })
  .extend('api', async ({ db, redisUrl, folder }, { onCleanup }) => {
    const lines: Record<string, unknown>[] = [];
    const logger = createLogger({
      role: 'api',
      level: 'debug',
      destination: { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[0]) },
    });
    const metrics = createMetrics({ role: 'api' });
    const masterKey = await openMasterKey({ hex: 'ab'.repeat(32), file: '' });
    const queue = openTaskQueue({ url: redisUrl });
    const callbackJobs = openCallbackJobs({ url: redisUrl });
    const exportJobs = openExportJobs({ url: redisUrl });
    const jobWatch = openJobWatch({ url: redisUrl });
    const announcer = openAnnouncer({ url: redisUrl });
    const follower = openFollower({ db, url: redisUrl });
    const store = openTaskStore({ db, queue, announce: (events) => announcer.announce(events) });
    const catalogue = await CatalogueCache.open({ db, logger });
    const grammars = new GrammarReader();
    const pdfs = new PdfReader();
    onCleanup(async () => {
      await grammars[Symbol.asyncDispose]();
      await pdfs[Symbol.asyncDispose]();
      await catalogue[Symbol.asyncDispose]();
      await follower[Symbol.asyncDispose]();
      await callbackJobs[Symbol.asyncDispose]();
      await exportJobs[Symbol.asyncDispose]();
      await jobWatch[Symbol.asyncDispose]();
      await announcer[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await queue[Symbol.asyncDispose]();
    });
    const ctx: ApiContext = {
      db,
      store,
      queue,
      callbackJobs,
      exportJobs,
      jobWatch,
      catalogue,
      masterKey,
      logger,
      metrics,
      storage: openLocalStorage(join(folder, 'storage')),
      cache: new ProjectCache(),
      auth: createAuth({ db, baseUrl: ORIGIN, secret: 'cd'.repeat(32), trustedOrigins: [] }),
      health: createHealth({
        checks: { database: async () => void (await db.sql`select 1`) },
        metrics,
      }),
      rates: new CallRates({ address: 1000, project: 5000 }),
      modelStatistics: rememberModelStatistics(db),
      contextTokens: rememberContextTokens(db),
      bodies: new ByteBudget(64_000_000),
      grammars,
      pdfs,
      outbound: openOutbound({ openNetworks: null }),
      waits: new TaskWaits(follower, { waitMs: 60_000, waitsMax: 100, perProject: 10 }),
      uploads: new OpenUploads({ total: 4, perOrganisation: 2 }),
      settings: {
        bodyLimitBytes: 1_000_000,
        inputFileBytes: 2_000_000,
        limits: { maxTokens: 1024, maxTimeoutSeconds: 3600 },
        admission: compatibleAdmission,
        unknownLabels: 'park',
        apiUrl: `${ORIGIN}/v1`,
        filesUrl: `${ORIGIN}/v1`,
        fileLimits: {
          fileBytesMax: 1_000_000,
          quotaBytes: 10_000_000,
          quotaEntries: 100,
          keptDays: 0,
        },
        socketUrl: 'ws://127.0.0.1:3101/v1',
        dashboardDir: join(folder, 'dashboard'),
        proxies: NO_PROXIES,
        openNetworks: null,
      },
    };
    const app = createApi(ctx);

    const request = async (path: string, init?: RequestInit): Promise<Reply> => {
      const response = await app.request(path, init);
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json') ?? false;
      const body = isJson ? (JSON.parse(text) as Reply['body']) : {};
      if (isJson) checkShape(`${init?.method ?? 'GET'} ${path}`, body);
      return { status: response.status, headers: response.headers, text, body };
    };
    /** Sends a signed POST; a body that is not a string, bytes or a form is sent as JSON. */
    const call = (project: Project, path: string, body: unknown, headers = {}) =>
      request(path, { method: 'POST', headers: { ...sign(project), ...headers }, ...sent(body) });

    return {
      ctx,
      app,
      lines,
      request,
      call,
      /** Creates an organisation with a balance, and a project of its owner, who cannot sign in. */
      async createTenant({ balance = '1000' } = {}): Promise<Tenant> {
        const { organisationId } = await createOrganisation(ctx, { name: 'Acme' });
        const [owner] = await db.sql<{ id: string }[]>`
          insert into users (email, name) values (${`${randomUUID()}@example.org`}, 'Owner')
          returning id`;
        const ownerId = owner?.id ?? '';
        const amount = parseUsd(balance);
        await deposit(ctx, { organisationId, amount, businessKey: `test:${organisationId}` });
        const owned = { organisationId, ownerId, name: 'Demo', authType: 'signature' } as const;
        return { ...(await createProject(ctx, owned)), organisationId, ownerId };
      },
      /** Signs a new member in to the dashboard; returns the headers of a call from its page. */
      async signIn(organisationId: string, { isOperator = false } = {}) {
        const email = `${randomUUID()}@example.org`;
        const person = { email, password: PASSWORD, name: 'Ada', isOperator };
        const { userId } = await createUser(ctx, person);
        await addMember(ctx, { organisationId, userId, role: 'member' });
        const response = await app.request('/api/auth/sign-in/email', {
          method: 'POST',
          headers: { 'content-type': 'application/json', origin: ORIGIN },
          body: JSON.stringify({ email, password: PASSWORD }),
        });
        const [cookie = ''] = (response.headers.getSetCookie()[0] ?? '').split(';');
        return { cookie, origin: ORIGIN };
      },
    };
  })
  .extend('tenant', async ({ api }) => api.createTenant());

/** Checks that every JSON answer has exactly the shape that the protocol defines for its route. */
function checkShape(call: string, body: Reply['body'] | null): void {
  // `get-session` answers null to a caller who is not signed in.
  if (body?.['result'] === false) {
    refusalSchema.parse(body);
    return;
  }
  const [asked = ''] = call.split('?');
  ROUTES.find((route) => patternOf(route).test(asked))?.answer?.parse(body);
}

function patternOf({ call }: Route): RegExp {
  return new RegExp(`^${call.replaceAll(/:[a-z]+/g, '[^/]+').replace('*', '.*')}$`, 'i');
}

function sign({ apiKey, apiSecret }: Project): Record<string, string> {
  if (apiSecret === null) return { 'x-api-key': apiKey };
  const nonce = '1700000000';
  const signature = signatureOf({ apiKey, apiSecret, nonce });
  return { 'x-api-key': apiKey, 'x-nonce': nonce, 'x-signature': signature };
}

function sent(body: unknown): { body: string | Uint8Array<ArrayBuffer> | FormData } {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
  return { body: isRaw ? (body as string) : JSON.stringify(body) };
}
