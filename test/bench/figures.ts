/** What is measured. Order and words of the report; everything else is derived. */
export const FIGURES = {
  acceptC32: { title: 'Runs accepted, api alone, 32 clients', unit: '/s' },
  acceptC96: { title: 'Runs accepted, api alone, 96 clients', unit: '/s' },
  acceptOpenP50: { title: 'accept at 200 Runs/s, api alone, p50', unit: 'ms' },
  acceptOpenP99: { title: 'accept at 200 Runs/s, api alone, p99', unit: 'ms' },
  fleetOpenP50: { title: 'accept at 200 Runs/s, all at work, p50', unit: 'ms' },
  fleetOpenP99: { title: 'accept at 200 Runs/s, all at work, p99', unit: 'ms' },
  idleAcceptP50: { title: 'idle: Run to answer, p50', unit: 'ms' },
  idleAcceptP99: { title: 'idle: Run to answer, p99', unit: 'ms' },
  idleStartP50: { title: 'idle: accept to task_start (Postgres), p50', unit: 'ms' },
  idleStartP99: { title: 'idle: accept to task_start (Postgres), p99', unit: 'ms' },
  idleOutputP50: { title: 'idle: Run to first output, p50', unit: 'ms' },
  idleOutputP99: { title: 'idle: Run to first output, p99', unit: 'ms' },
  idleFinishP50: { title: 'idle: Run to finished, p50', unit: 'ms' },
  idleFinishP99: { title: 'idle: Run to finished, p99', unit: 'ms' },
  finished: { title: 'Run to finished, 96 clients, sustained', unit: '/s' },
  finishP50: { title: 'Run to finished, 96 clients, p50', unit: 'ms' },
  finishP99: { title: 'Run to finished, 96 clients, p99', unit: 'ms' },
  transactions: { title: 'transactions that write, per finished task', unit: '' },
  foreign: { title: 'CPU of anything else on the machine, whole round', unit: '%' },
  lost: { title: 'accepted and not finished, or not stored', unit: 'tasks' },
} as const satisfies Record<string, Figure>;

/** `ms` by the client's clock where nothing else is said. */
type Figure = { title: string; unit: '/s' | 'ms' | 'tasks' | '%' | '' };

export type FigureName = keyof typeof FIGURES;
export type Figures = Record<FigureName, number>;

/** What has no peer: the floors below us, and the test model. */
export const OWN_FIGURES = {
  bareAlone: { title: 'bare accept transaction, one per commit, 8 at once', unit: '/s' },
  bareShared: { title: 'bare accept through one task store, 32 at once', unit: '/s' },
  helloC32: { title: 'bare HTTP server, 32 clients', unit: '/s' },
  helloOpenP50: { title: 'bare HTTP server at 200/s, p50', unit: 'ms' },
  helloOpenP99: { title: 'bare HTTP server at 200/s, p99', unit: 'ms' },
  modelOutputP50: { title: 'test model, idle: Run to first output, p50', unit: 'ms' },
  modelFinishP50: { title: 'test model, idle: Run to finished, p50', unit: 'ms' },
  modelFinished: { title: 'test model: Run to finished, 8 clients, sustained', unit: '/s' },
  modelTokens: { title: 'test model: tokens, 8 clients, sustained', unit: '/s' },
  modelLost: { title: 'test model: accepted and not finished', unit: 'tasks' },
} as const satisfies Record<string, { title: string; unit: '/s' | 'ms' | 'tasks' }>;

export type OwnFigureName = keyof typeof OWN_FIGURES;
export type OwnFigures = Partial<Record<OwnFigureName, number>>;

/** CPU microseconds by process, per accepted Run or per finished task. */
export type CpuShares = Record<string, number>;

/** One round of one system. */
export type Round = { figures: Figures; cpuPerAccept: CpuShares; cpuPerTask: CpuShares };
