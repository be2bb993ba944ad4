import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A role's own registry: several roles can live in one process without sharing a name. */
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
  /** `buckets` in the unit that the name ends in. */
  histogram<Label extends string = never>(
    name: string,
    help: string,
    options?: { labels?: readonly Label[]; buckets?: readonly number[] },
  ): Histogram<Label>;
  /** Everything in the Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
};

/** Metrics with the process's own (memory, CPU, event loop) switched on; each carries `role`. */
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
