/** What is measured, in the order and words of the report; the rest is derived. */
export const STATISTICS = {
  acceptC32: { title: 'Runs accepted, api alone, 32 clients', unit: '/s' },
  acceptC96: { title: 'Runs accepted, api alone, 96 clients', unit: '/s' },
  acceptOpenP50: { title: 'accept at 200 Runs/s, api alone, p50', unit: 'ms' },
  acceptOpenP99: { title: 'accept at 200 Runs/s, api alone, p99', unit: 'ms' },
  fleetOpenP50: { title: 'accept at 200 Runs/s, all roles running, p50', unit: 'ms' },
  fleetOpenP99: { title: 'accept at 200 Runs/s, all roles running, p99', unit: 'ms' },
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
  foreign: { title: 'CPU of other programs on the machine, all of the round', unit: '%' },
  lost: { title: 'accepted and not finished, or not stored', unit: 'tasks' },
} as const satisfies Record<string, Statistic>;

/** Times are by the client's clock unless the title names another. */
type Statistic = { title: string; unit: '/s' | 'ms' | 'tasks' | '%' | '' };

export type StatisticName = keyof typeof STATISTICS;
export type Statistics = Record<StatisticName, number>;

/** Statistics without a peer: the floors, the test model, and Runs that wait. */
export const OWN_STATISTICS = {
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
  syncAfterFrameP50: { title: "sync answer after the socket's last frame, idle, p50", unit: 'ms' },
  syncAfterFrameP99: { title: "sync answer after the socket's last frame, idle, p99", unit: 'ms' },
  detailP50: { title: 'Task/Detail, idle, p50', unit: 'ms' },
  waitBytes: { title: 'memory of an open sync Run', unit: 'B' },
  bareWaitBytes: { title: 'the same request on a bare HTTP server', unit: 'B' },
} as const satisfies Record<string, { title: string; unit: '/s' | 'ms' | 'tasks' | 'B' }>;

export type OwnStatisticName = keyof typeof OWN_STATISTICS;
export type OwnStatistics = Partial<Record<OwnStatisticName, number>>;

/** CPU microseconds by process, per accepted Run or per finished task. */
export type CpuShares = Record<string, number>;

/** One round of one system. */
export type Round = { statistics: Statistics; cpuPerAccept: CpuShares; cpuPerTask: CpuShares };
