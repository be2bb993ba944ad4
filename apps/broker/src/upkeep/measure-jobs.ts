import type { Db } from '@runfleet/db';
import type { JobWatch } from '@runfleet/queue';
import type { Logger } from '@runfleet/service';
import { listUpkeepRuns } from '@runfleet/upkeep';

import type { BrokerMetrics } from '../metrics.ts';

const EVERY_MS = 10_000;

type Options = { db: Db; watch: JobWatch; logger: Logger; metrics: BrokerMetrics };

/** Exports the counts of the job queues and the failures of scheduled jobs, until disposed. */
export function measureJobs(options: Options): AsyncDisposable {
  let measuring: Promise<void> | null = null;
  const timer = setInterval(() => {
    measuring ??= measure(options)
      .catch((err: unknown) => options.logger.debug({ err }, 'jobs cannot be counted'))
      .finally(() => (measuring = null));
  }, EVERY_MS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await measuring;
    },
  };
}

/** Each broker measures, so that the figures last when one stops. */
export async function measure({ db, watch, metrics }: Omit<Options, 'logger'>): Promise<void> {
  for (const { name, failures } of await listUpkeepRuns({ db })) {
    metrics.upkeepFailuresAre(name, failures);
  }
  for (const { queue, ...counts } of await watch.readCounts()) metrics.jobsAre(queue, counts);
}
