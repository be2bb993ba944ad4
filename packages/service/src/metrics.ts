import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A role's own registry: several roles in one process may use the same names. */
export type Metrics = {
  counter<Label extends string = never>(
    name: string,
    help: string,
    labels?: readonly Label[],
  ): Counter<Label>;
  gauge<Label extends string = never>(
    name: string,
    help: string,
    labels?: readonly Label[],
  ): Gauge<Label>;
  /** `buckets` are in the unit at the end of the name. */
  histogram<Label extends string = never>(
    name: string,
    help: string,
    options?: { labels?: readonly Label[]; buckets?: readonly number[] },
  ): Histogram<Label>;
  /** All metrics in the Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
};

/**
 * A registry that includes the process's metrics (memory, CPU, event loop); each metric has the
 * label `role`.
 */
export function createMetrics(options: { role: string }): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ role: options.role });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    counter: (name, help, labels = []) =>
      new Counter({ name, help, labelNames: labels, registers }),
    gauge: (name, help, labels = []) => new Gauge({ name, help, labelNames: labels, registers }),
    histogram: (name, help, { labels = [], buckets } = {}) =>
      new Histogram({
        name,
        help,
        labelNames: labels,
        registers,
        ...(buckets === undefined ? {} : { buckets: [...buckets] }),
      }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
