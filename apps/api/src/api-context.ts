import type { AdmissionPolicy } from '@runfleet/billing';
import type { Db } from '@runfleet/db';
import type { Auth, MasterKey, ProjectCache } from '@runfleet/identity';
import type { ChatLimits } from '@runfleet/models';
import type { TaskQueue } from '@runfleet/queue';
import type { Health, Logger, Metrics, TrustedProxies } from '@runfleet/service';
import type { ObjectStorage } from '@runfleet/storage';
import type { ModelStats, TaskStore, UnknownLabels } from '@runfleet/tasks';
import type { Context } from 'hono';

import type { ByteBudget, Held } from './http/byte-budget.ts';
import type { CallRates } from './http/call-rates.ts';
import type { Remembered } from './remembered.ts';

/** Everything that routes use. Each takes the part that it needs. */
export type ApiContext = {
  db: Db;
  store: TaskStore;
  queue: TaskQueue;
  storage: ObjectStorage;
  masterKey: MasterKey;
  cache: ProjectCache;
  auth: Auth;
  logger: Logger;
  metrics: Metrics;
  health: Health;
  rates: CallRates;
  /** How often each model ran, by its id. */
  modelStats: Remembered<Map<string, ModelStats>>;
  /** What bodies hold in memory, from when they are read until their calls are answered. */
  bodies: ByteBudget;
  settings: ApiSettings;
};

export type ApiSettings = {
  bodyLimitBytes: number;
  limits: ChatLimits;
  admission: AdmissionPolicy;
  unknownLabels: UnknownLabels;
  /** Where clients reach `/v1`, for the URLs of files. */
  apiUrl: string;
  socketUrl: string;
  dashboardDir: string;
  proxies: TrustedProxies;
};

/** What is found out about a request on its way, for its one log line. */
export type RequestTrace = {
  requestId: string;
  ip: string;
  /** The wire's error code; null where the call succeeded. */
  code: number | null;
  organisationId?: string;
  projectId?: string;
  taskId?: string;
};

export type ApiEnv = {
  /** Of the Node server; absent where a request comes from a test. */
  Bindings: {
    incoming?: { socket: { remoteAddress?: string | undefined } };
    outgoing?: { writeContinue(): void };
  };
  Variables: { trace: RequestTrace; held?: Held };
};

export type ApiRequest = Context<ApiEnv>;
export type ApiHandler = (c: ApiRequest) => Response | Promise<Response>;
