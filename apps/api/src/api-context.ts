import type { BlockList } from 'node:net';

import type { AdmissionPolicy } from '@runfleet/billing';
import type { ChatLimits } from '@runfleet/catalog';
import type { Db } from '@runfleet/db';
import type { FileLimits } from '@runfleet/files';
import type { Auth, MasterKey, ProjectCache } from '@runfleet/identity';
import type { Outbound } from '@runfleet/outbound';
import type { CatalogueCache } from '@runfleet/publishing';
import type { CallbackJobs, ExportJobs, JobWatch, TaskQueue } from '@runfleet/queue';
import type { Health, Logger, Metrics, TrustedProxies } from '@runfleet/service';
import type { ObjectStorage } from '@runfleet/storage';
import type { ModelStatistics, TaskStore, UnknownLabels } from '@runfleet/tasks';
import type { Context } from 'hono';

import type { PdfReader } from './file-texts/pdf/pdf-reader.ts';
import type { GrammarReader } from './grammars/grammar-reader.ts';
import type { ByteBudget, Held } from './http/byte-budget.ts';
import type { CallRates } from './http/call-rates.ts';
import type { Remembered } from './remembered.ts';
import type { OpenUploads } from './uploads/open-uploads.ts';
import type { TaskWaits } from './waits/task-waits.ts';

/** Everything that routes use. Each route takes only what it needs. */
export type ApiContext = {
  db: Db;
  store: TaskStore;
  queue: TaskQueue;
  callbackJobs: CallbackJobs;
  exportJobs: ExportJobs;
  jobWatch: JobWatch;
  /** The models as they were a moment ago. */
  catalogue: CatalogueCache;
  storage: ObjectStorage;
  masterKey: MasterKey;
  cache: ProjectCache;
  auth: Auth;
  logger: Logger;
  metrics: Metrics;
  health: Health;
  rates: CallRates;
  /** How often each model ran, by its id. */
  modelStatistics: Remembered<Map<string, ModelStatistics>>;
  /** The longest context of each pool, in tokens, where every worker reports one. */
  contextTokens: Remembered<ReadonlyMap<string, number>>;
  /** The memory that request bodies hold, from reading them until their calls are answered. */
  bodies: ByteBudget;
  /** Which grammars can be enforced. */
  grammars: GrammarReader;
  /** The texts of PDFs. */
  pdfs: PdfReader;
  /** Calls to addresses that tenants supplied. */
  outbound: Outbound;
  /** The calls that wait for the end of their task. */
  waits: TaskWaits;
  uploads: OpenUploads;
  settings: ApiSettings;
};

export type ApiSettings = {
  bodyLimitBytes: number;
  /** Of one Run together. */
  inputFileBytes: number;
  limits: ChatLimits;
  admission: AdmissionPolicy;
  unknownLabels: UnknownLabels;
  /** The public URL of `/v1`, for the URLs of files. */
  apiUrl: string;
  /** The same for reading files, which may be another origin. */
  filesUrl: string;
  fileLimits: FileLimits;
  socketUrl: string;
  dashboardDir: string;
  proxies: TrustedProxies;
  /** Networks that callbacks may call besides the public internet; null: none. */
  openNetworks: BlockList | null;
};

/** The facts about a request that its one log line reports. */
export type RequestTrace = {
  requestId: string;
  ip: string;
  /** The wire's error code; null if the call succeeded. */
  code: number | null;
  organisationId?: string;
  projectId?: string;
  taskId?: string;
  answerBytes?: number;
};

export type ApiEnv = {
  /** Set by the Node server; absent if a test makes the request. */
  Bindings: {
    incoming?: { socket: { remoteAddress?: string | undefined } };
    outgoing?: {
      readonly destroyed: boolean;
      writeContinue(): void;
      on(event: 'close', listener: () => void): unknown;
    };
  };
  Variables: { trace: RequestTrace; held?: Held };
};

export type ApiRequest = Context<ApiEnv>;
export type ApiHandler = (c: ApiRequest) => Response | Promise<Response>;
