import type { Metrics } from '@runfleet/service';

export type BrokerMetrics = ReturnType<typeof brokerMetrics>;

export function brokerMetrics(metrics: Metrics) {
  const assigned = metrics.counter('runfleet_broker_assigned_total', 'Tasks bound to a worker.', [
    'pool',
  ]);
  const unplaced = metrics.counter(
    'runfleet_broker_unplaced_total',
    'Picked tasks that found no free slot at the commit.',
    ['pool'],
  );
  const assignSeconds = metrics.histogram(
    'runfleet_broker_assign_seconds',
    'One round of pick, place, commit and tickets.',
    { labels: ['pool'], buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5] },
  );
  const rebuilt = metrics.counter(
    'runfleet_broker_index_rebuilds_total',
    'Times a queue index was filled again from Postgres.',
    ['pool'],
  );
  const leading = metrics.gauge('runfleet_broker_leads', 'Whether this broker leads the pool.', [
    'pool',
  ]);
  const repaired = metrics.counter(
    'runfleet_broker_repaired_total',
    'What reconcilers repaired, by reconciler.',
    ['reconciler'],
  );
  return {
    roundFinished(pool: string, round: { assigned: number; unplaced: number; seconds: number }) {
      assigned.inc({ pool }, round.assigned);
      unplaced.inc({ pool }, round.unplaced);
      assignSeconds.observe({ pool }, round.seconds);
    },
    indexRebuilt: (pool: string) => rebuilt.inc({ pool }),
    leadershipIs: (pool: string, leads: boolean) => leading.set({ pool }, leads ? 1 : 0),
    repaired: (reconciler: string, count: number) => repaired.inc({ reconciler }, count),
  };
}
