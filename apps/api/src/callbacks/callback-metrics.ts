import type { Metrics } from '@runfleet/service';

export function callbackMetrics(metrics: Metrics) {
  const attempts = metrics.counter(
    'runfleet_api_callback_attempts_total',
    'Attempts at callbacks, by what became of the delivery: delivered, retried, failed or gone.',
    ['result'],
  );
  const seconds = metrics.histogram(
    'runfleet_api_callback_attempt_seconds',
    'Time of one attempt at a callback.',
    { labels: [], buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20] },
  );
  return {
    attempted(result: string, tookSeconds: number) {
      attempts.inc({ result });
      seconds.observe(tookSeconds);
    },
  };
}
