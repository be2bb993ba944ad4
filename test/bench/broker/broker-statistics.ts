/** What `pnpm bench:broker` measures, in the order and words of its table. */
export const BROKER_STATISTICS = {
  startP50: {
    title: 'accept commit to `task_start` commit, idle, p50',
    unit: 'ms',
    target: { atMost: 10 },
  },
  startP99: {
    title: 'accept commit to `task_start` commit, idle, p99',
    unit: 'ms',
    target: { atMost: 30 },
  },
  bareHopP50: { title: 'bare BullMQ, add to handler, idle, p50', unit: 'ms' },
  bareHopP99: { title: 'bare BullMQ, add to handler, idle, p99', unit: 'ms' },
  startToBare: { title: 'accept to start / bare BullMQ, p50', unit: 'x' },
  finished: { title: 'Runs finished, HTTP to end, 96 clients', unit: '/s' },
  finishedN2: { title: 'the same on N2', unit: '/s' },
  finishedToN2: { title: 'finished / N2', unit: 'x', target: { atLeast: 1 } },
  hotTenant: { title: 'Runs finished of one tenant', unit: '/s', target: { atLeast: 1_000 } },
  bullJob: { title: 'one BullMQ job, add to done: Redis time, 32 in flight', unit: 'us' },
  fairPick: {
    title: 'fair pick + release: the same, worst of 10 to 10,000 tenants',
    unit: 'us',
  },
  fairPickToBull: { title: 'the second / the first', unit: 'x', target: { atMost: 0.6 } },
  fairPickAloneToBull: {
    title: 'the same ratio, one in flight',
    unit: 'x',
    target: { atMost: 0.6 },
  },
  fairPickFlat: {
    title: 'fair pick + release, costliest / cheapest number of tenants',
    unit: 'x',
    target: { atMost: 1.5 },
  },
  queueMemory: { title: 'Redis memory per queued task', unit: 'B', target: { atMost: 600 } },
  jain: {
    title: "fairness: 1,000 backlogged tenants, loads 100:1, Jain's index, worst window",
    unit: '%',
    target: { atLeast: 99 },
  },
  lightWait: {
    title: "a light tenant's p95 wait, after a heavy one queued 1,000,000 / before",
    unit: 'x',
    target: { atMost: 2 },
  },
  ticketHopP50: { title: 'ticket hop, 200 hosts, 500/s, lists, p50', unit: 'ms' },
  ticketHopP99: {
    title: 'ticket hop, 200 hosts, 500/s, lists, p99',
    unit: 'ms',
    target: { atMost: 20 },
  },
  bullHopP50: { title: 'ticket hop, 200 hosts, 500/s, BullMQ, p50', unit: 'ms' },
  bullHopP99: { title: 'ticket hop, 200 hosts, 500/s, BullMQ, p99', unit: 'ms' },
  crowd: { title: 'the crowd: tasks that run at once in the next four rows', unit: 'tasks' },
  activeJobs: {
    title: 'BullMQ jobs active, maximum (transport BullMQ)',
    unit: 'jobs',
    target: { atMost: 100 },
  },
  finishFew: { title: 'CPU per task, to finish, no others running', unit: 'us' },
  finishCrowd: { title: 'CPU per task, to finish, the crowd running', unit: 'us' },
  finishCrowdToFew: { title: 'the second / the first', unit: 'x', target: { atMost: 1.5 } },
  wiped: { title: 'tasks queued when Redis is wiped', unit: 'tasks' },
  wipedDispatch: { title: 'from the wipe to the next dispatch', unit: 's', target: { atMost: 3 } },
  wipedRebuild: { title: 'from the wipe to a complete index', unit: 's', target: { atMost: 10 } },
  wipedLost: { title: 'tasks lost by the wipe', unit: 'tasks', target: { atMost: 0 } },
  wipedQuarantined: {
    title: 'workers quarantined by the wipe',
    unit: 'workers',
    target: { atMost: 0 },
  },
  killed: { title: 'tasks running on a worker that is killed', unit: 'tasks' },
  killedReassigned: {
    title: 'from SIGKILL to all assigned again',
    unit: 's',
    target: { atMost: 20 },
  },
  killedTwice: {
    title: 'of these charged twice, or not finished',
    unit: 'tasks',
    target: { atMost: 0 },
  },
  lost: {
    title: 'accepted and not finished, in all loads above',
    unit: 'tasks',
    target: { atMost: 0 },
  },
} as const satisfies Record<string, BrokerStatistic>;

type BrokerStatistic = {
  title: string;
  unit: 'ms' | 's' | 'us' | '/s' | 'x' | 'B' | 'tasks' | 'jobs' | 'workers' | '%';
  target?: { atMost: number } | { atLeast: number };
};

export type BrokerStatisticName = keyof typeof BROKER_STATISTICS;
export type BrokerStatistics = Partial<Record<BrokerStatisticName, number>>;

/** Promises, not speeds: a run that breaks one fails. */
export const PROMISES: readonly BrokerStatisticName[] = [
  'activeJobs',
  'wipedLost',
  'wipedQuarantined',
  'killedTwice',
  'lost',
];
