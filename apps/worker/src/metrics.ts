import type { Metrics } from '@runfleet/service';

export type WorkerMetrics = ReturnType<typeof workerMetrics>;

export function workerMetrics(metrics: Metrics, options: { slots: number; running: () => number }) {
  const ended = metrics.counter(
    'runfleet_worker_tasks_total',
    'Tasks whose run ended on this worker.',
    ['outcome'],
  );
  const seconds = metrics.histogram(
    'runfleet_worker_task_seconds',
    'From accept to the end of a task.',
    { labels: ['outcome'], buckets: [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300] },
  );
  const tokens = metrics.counter('runfleet_worker_tokens_total', 'Tokens read and written.', [
    'kind',
  ]);
  metrics.gauge('runfleet_worker_slots', 'Slots of this worker.').set(options.slots);
  const running = metrics.gauge('runfleet_worker_tasks_running', 'Tasks that run now.');
  running.set(0);
  return {
    taskAccepted: () => running.set(options.running()),
    taskEnded(outcome: string, elapsedSeconds: number) {
      ended.inc({ outcome });
      seconds.observe({ outcome }, elapsedSeconds);
      running.set(options.running());
    },
    tokensSeen(promptTokens: number, completionTokens: number) {
      tokens.inc({ kind: 'prompt' }, promptTokens);
      tokens.inc({ kind: 'completion' }, completionTokens);
    },
  };
}
