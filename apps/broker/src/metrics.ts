import { IDLE_REASONS, type IdleReason } from '@runfleet/protocol';
import type { Metrics } from '@runfleet/service';

export type BrokerMetrics = ReturnType<typeof brokerMetrics>;

type PoolMetrics = {
  queued: number;
  running: number;
  oldestWaitSeconds: number;
  idle: Partial<Record<IdleReason, number>>;
};

/**
 * Labels are bounded: pools, reconcilers, reasons, quantiles, job queues and scheduled jobs, never
 * tenants, lanes or workers.
 */
export function brokerMetrics(metrics: Metrics) {
  const picked = metrics.counter('runfleet_broker_picked_total', 'Tasks taken in fair order.', [
    'pool',
  ]);
  const assigned = metrics.counter('runfleet_broker_assigned_total', 'Tasks bound to a worker.', [
    'pool',
  ]);
  const unplaced = metrics.counter(
    'runfleet_broker_unplaced_total',
    'Picked tasks that found no free slot at the commit.',
    ['pool'],
  );
  const despiteAvoids = metrics.counter(
    'runfleet_broker_placed_despite_avoids_total',
    'Tasks that went back to a worker on which they failed, because no other worker could take them.',
    ['pool'],
  );
  const assignSeconds = metrics.histogram(
    'runfleet_broker_assign_seconds',
    'One round of pick, place and commit.',
    { labels: ['pool'], buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5] },
  );
  const waitSeconds = metrics.histogram(
    'runfleet_broker_queue_wait_seconds',
    'From a task’s Run to its assignment.',
    {
      labels: ['pool'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600],
    },
  );
  const queued = metrics.gauge('runfleet_broker_queued', 'Queued tasks.', ['pool']);
  const running = metrics.gauge('runfleet_broker_running', 'Tasks that count as running.', [
    'pool',
  ]);
  const oldestWait = metrics.gauge(
    'runfleet_broker_oldest_wait_seconds',
    'How long the oldest queued task has waited; 0 if none waits.',
    ['pool'],
  );
  const idle = metrics.gauge(
    'runfleet_broker_idle_workers',
    'Workers with a free slot that got no task of the pool, by reason.',
    ['pool', 'reason'],
  );
  const share = metrics.gauge(
    'runfleet_broker_share_ratio',
    'Slots of a tenant with queued tasks, relative to its share by weight, by quantile of tenants; 1 is fair.',
    ['pool', 'quantile'],
  );
  const rebuilt = metrics.counter(
    'runfleet_broker_index_rebuilds_total',
    'Times a queue index was filled again from Postgres.',
    ['pool'],
  );
  const leading = metrics.gauge('runfleet_broker_leads', 'Whether this broker leads the pool.', [
    'pool',
  ]);
  const repaired = metrics.counter('runfleet_broker_repaired_total', 'Repairs, by reconciler.', [
    'reconciler',
  ]);
  const drift = metrics.gauge(
    'runfleet_broker_ledger_drift_usd',
    'Sum of the differences between account rows and their transfers; any value but 0 is a fault.',
  );
  const openCallbacks = metrics.gauge(
    'runfleet_broker_open_callbacks',
    'Callbacks that were neither delivered nor given up.',
  );
  const callbacksDue = metrics.gauge(
    'runfleet_broker_oldest_due_callback_seconds',
    'How late the oldest callback is that is due; 0 if none is.',
  );
  const upkeepTurns = metrics.counter(
    'runfleet_broker_upkeep_runs_total',
    'Runs of scheduled jobs, by result: succeeded, failed or timed_out.',
    ['job', 'result'],
  );
  const upkeepSeconds = metrics.histogram(
    'runfleet_broker_upkeep_seconds',
    'Time of one run of a scheduled job.',
    { labels: ['job'], buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300] },
  );
  const jobs = metrics.gauge('runfleet_broker_jobs', 'BullMQ jobs, by queue and state.', [
    'queue',
    'state',
  ]);
  const upkeepFailures = metrics.gauge(
    'runfleet_broker_upkeep_failures',
    'Failed attempts at a scheduled job since its last success.',
    ['job'],
  );
  return {
    roundFinished(
      pool: string,
      round: { picked: number; assigned: number; unplaced: number; seconds: number },
    ) {
      picked.inc({ pool }, round.picked);
      assigned.inc({ pool }, round.assigned);
      unplaced.inc({ pool }, round.unplaced);
      assignSeconds.observe({ pool }, round.seconds);
    },
    taskWaited: (pool: string, seconds: number) => waitSeconds.observe({ pool }, seconds),
    placedDespiteAvoids: (pool: string) => despiteAvoids.inc({ pool }),
    poolLoadIs(pool: string, load: PoolMetrics) {
      queued.set({ pool }, load.queued);
      running.set({ pool }, load.running);
      oldestWait.set({ pool }, load.oldestWaitSeconds);
      for (const reason of Object.keys(IDLE_REASONS) as IdleReason[]) {
        idle.set({ pool, reason }, load.idle[reason] ?? 0);
      }
    },
    sharesAre: (pool: string, quantile: number, ratio: number) =>
      share.set({ pool, quantile }, ratio),
    indexRebuilt: (pool: string) => rebuilt.inc({ pool }),
    leadershipIs: (pool: string, leads: boolean) => leading.set({ pool }, leads ? 1 : 0),
    callbacksAre(open: number, oldestDueSeconds: number) {
      openCallbacks.set(open);
      callbacksDue.set(oldestDueSeconds);
    },
    upkeepRan(job: string, result: string, seconds: number) {
      upkeepTurns.inc({ job, result });
      upkeepSeconds.observe({ job }, seconds);
    },
    jobsAre(queue: string, counts: Readonly<Record<string, number>>) {
      for (const [state, count] of Object.entries(counts)) jobs.set({ queue, state }, count);
    },
    upkeepFailuresAre: (job: string, failures: number) => upkeepFailures.set({ job }, failures),
    ledgerDriftIs: (usd: number) => drift.set(usd),
    repaired: (reconciler: string, count: number) => repaired.inc({ reconciler }, count),
  };
}
