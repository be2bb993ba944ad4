import { expect, test } from 'vitest';

import { createMetrics } from './metrics.ts';

test('metrics have their role and labels, and include those of the process', async () => {
  const metrics = createMetrics({ role: 'broker' });
  metrics.counter('tasks_assigned_total', 'Tasks assigned.', ['pool']).inc({ pool: 'default' }, 2);
  metrics.gauge('workers', 'Workers.').set(3);
  metrics
    .histogram('assign_seconds', 'Time.', { labels: ['pool'], buckets: [0.1, 1] })
    .observe({ pool: 'default' }, 0.5);

  const text = await metrics.text();
  expect(text).toContain('tasks_assigned_total{pool="default",role="broker"} 2');
  expect(text).toContain('workers{role="broker"} 3');
  expect(text).toContain('assign_seconds_bucket{le="1",role="broker",pool="default"} 1');
  expect(text).toContain('process_resident_memory_bytes{role="broker"}');
});

test('roles in one process may use the same metric names', async () => {
  const [api, worker] = [createMetrics({ role: 'api' }), createMetrics({ role: 'worker' })];
  api.counter('requests_total', 'Requests.').inc();
  worker.counter('requests_total', 'Requests.').inc(5);

  expect(await api.text()).toContain('requests_total{role="api"} 1');
  expect(await worker.text()).toContain('requests_total{role="worker"} 5');
});
