/** What `pnpm bench:broker` measures. Order and words of its table; `aim` is what to reach. */
export const BROKER_FIGURES = {
  startP50: {
    title: 'accept commit to `task_start` commit, idle, p50',
    unit: 'ms',
    aim: { atMost: 10 },
  },
  startP99: {
    title: 'accept commit to `task_start` commit, idle, p99',
    unit: 'ms',
    aim: { atMost: 30 },
  },
  bareHopP50: { title: 'bare BullMQ, add to handler, idle, p50', unit: 'ms' },
  bareHopP99: { title: 'bare BullMQ, add to handler, idle, p99', unit: 'ms' },
  startToBare: { title: 'accept to start / bare BullMQ, p50', unit: 'x' },
  finished: { title: 'Runs finished, HTTP to end, 96 clients', unit: '/s' },
  finishedN2: { title: 'the same of N2', unit: '/s' },
  finishedToN2: { title: 'finished / N2', unit: 'x', aim: { atLeast: 1 } },
  hotTenant: { title: 'Runs finished of one tenant', unit: '/s', aim: { atLeast: 1_000 } },
  bullJob: { title: 'one BullMQ job, add to done: Redis time, 32 in flight', unit: 'us' },
  fairPick: {
    title: 'fair pick + release: the same, the worst of 10 to 10,000 tenants',
    unit: 'us',
  },
  fairPickToBull: { title: 'the second / the first', unit: 'x', aim: { atMost: 0.6 } },
  fairPickAloneToBull: { title: 'the same ratio, one in flight', unit: 'x', aim: { atMost: 0.6 } },
  fairPickFlat: {
    title: 'fair pick + release, dearest / cheapest number of tenants',
    unit: 'x',
    aim: { atMost: 1.5 },
  },
  queueMemory: { title: 'Redis memory per queued task', unit: 'B', aim: { atMost: 600 } },
  jain: {
    title: "fairness: 1,000 backlogged tenants, loads 100:1, Jain's index, worst window",
    unit: '%',
    aim: { atLeast: 99 },
  },
  lightWait: {
    title: "a light tenant's p95 wait, once a heavy one queued 1,000,000 / before",
    unit: 'x',
    aim: { atMost: 2 },
  },
  ticketHopP50: { title: 'ticket hop, 200 hosts, 500/s, lists, p50', unit: 'ms' },
  ticketHopP99: {
    title: 'ticket hop, 200 hosts, 500/s, lists, p99',
    unit: 'ms',
    aim: { atMost: 20 },
  },
  bullHopP50: { title: 'ticket hop, 200 hosts, 500/s, BullMQ, p50', unit: 'ms' },
  bullHopP99: { title: 'ticket hop, 200 hosts, 500/s, BullMQ, p99', unit: 'ms' },
  crowd: { title: 'tasks that run at once, for the next four', unit: 'tasks' },
  activeJobs: {
    title: 'BullMQ jobs active, most seen (transport BullMQ)',
    unit: 'jobs',
    aim: { atMost: 100 },
  },
  finishFew: { title: 'CPU per task, to finish, none of them running', unit: 'us' },
  finishCrowd: { title: 'CPU per task, to finish, all of them running', unit: 'us' },
  finishCrowdToFew: { title: 'the second / the first', unit: 'x', aim: { atMost: 1.5 } },
  wiped: { title: 'tasks queued when Redis is wiped', unit: 'tasks' },
  wipedDispatch: { title: 'from the wipe to the next dispatch', unit: 's', aim: { atMost: 3 } },
  wipedRebuild: { title: 'from the wipe to a whole index', unit: 's', aim: { atMost: 10 } },
  wipedLost: { title: 'tasks lost by the wipe', unit: 'tasks', aim: { atMost: 0 } },
  wipedQuarantined: {
    title: 'workers quarantined by the wipe',
    unit: 'workers',
    aim: { atMost: 0 },
  },
  killed: { title: 'tasks running on a worker that is killed', unit: 'tasks' },
  killedReassigned: {
    title: 'from SIGKILL to all assigned again',
    unit: 's',
    aim: { atMost: 20 },
  },
  killedTwice: {
    title: 'of these charged twice, or not finished',
    unit: 'tasks',
    aim: { atMost: 0 },
  },
  lost: {
    title: 'accepted and not finished, of all loads above',
    unit: 'tasks',
    aim: { atMost: 0 },
  },
} as const satisfies Record<string, BrokerFigure>;

type BrokerFigure = {
  title: string;
  unit: 'ms' | 's' | 'us' | '/s' | 'x' | 'B' | 'tasks' | 'jobs' | 'workers' | '%';
  aim?: { atMost: number } | { atLeast: number };
};

export type BrokerFigureName = keyof typeof BROKER_FIGURES;
export type BrokerFigures = Partial<Record<BrokerFigureName, number>>;

/** Promises rather than speeds: a run that breaks one has failed. */
export const PROMISES: readonly BrokerFigureName[] = [
  'activeJobs',
  'wipedLost',
  'wipedQuarantined',
  'killedTwice',
  'lost',
];
