/** What is measured. Order and words of the report; everything else is derived. */
export const FIGURES = {
  acceptC32: { title: 'Runs accepted, api alone, 32 clients', unit: '/s', group: 'accept' },
  acceptC96: { title: 'Runs accepted, api alone, 96 clients', unit: '/s', group: 'accept' },
  acceptOpenP50: { title: 'accept at 200 Runs/s, api alone, p50', unit: 'ms', group: 'accept' },
  acceptOpenP99: { title: 'accept at 200 Runs/s, api alone, p99', unit: 'ms', group: 'accept' },
  fleetOpenP50: { title: 'accept at 200 Runs/s, all at work, p50', unit: 'ms', group: 'accept' },
  fleetOpenP99: { title: 'accept at 200 Runs/s, all at work, p99', unit: 'ms', group: 'accept' },
  idleAcceptP50: { title: 'idle: Run to answer, p50', unit: 'ms', group: 'idle' },
  idleAcceptP99: { title: 'idle: Run to answer, p99', unit: 'ms', group: 'idle' },
  idleStartP50: { title: 'idle: accept to task_start (Postgres), p50', unit: 'ms', group: 'idle' },
  idleStartP99: { title: 'idle: accept to task_start (Postgres), p99', unit: 'ms', group: 'idle' },
  idleOutputP50: { title: 'idle: Run to first output, p50', unit: 'ms', group: 'idle' },
  idleOutputP99: { title: 'idle: Run to first output, p99', unit: 'ms', group: 'idle' },
  idleFinishP50: { title: 'idle: Run to finished, p50', unit: 'ms', group: 'idle' },
  idleFinishP99: { title: 'idle: Run to finished, p99', unit: 'ms', group: 'idle' },
  finished: { title: 'Run to finished, 96 clients, sustained', unit: '/s', group: 'sustained' },
  finishP50: { title: 'Run to finished, 96 clients, p50', unit: 'ms', group: 'sustained' },
  finishP99: { title: 'Run to finished, 96 clients, p99', unit: 'ms', group: 'sustained' },
  lost: { title: 'accepted and not finished, or not stored', unit: 'tasks', group: 'sustained' },
} as const satisfies Record<string, Figure>;

type Figure = {
  title: string;
  unit: '/s' | 'ms' | 'tasks';
  group: 'accept' | 'idle' | 'sustained';
};

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
