import { charge, cpsOf } from '@runfleet/billing';
import { cleanSlug, type Model, slugOf } from '@runfleet/catalog';
import {
  formatUnixSeconds,
  formatUsd,
  type WireTool,
  type WireToolSummary,
} from '@runfleet/protocol';
import type { ModelStatistics } from '@runfleet/tasks';

const TICKS_PER_SECOND = 10_000n;
const NEVER_RUN: ModelStatistics = {
  runCount: 0,
  successCount: 0,
  errorCount: 0,
  lastRunAt: null,
  averageTicks: null,
};

/** A model as the catalogue answers it. */
export function toolWire(model: Model, statistics: ModelStatistics = NEVER_RUN): WireTool {
  const { averageTicks } = statistics;
  return {
    id: model.id,
    title: slugOf(model),
    slugowner: model.owner,
    slugproject: model.name,
    cleanslugowner: cleanSlug(model.owner),
    cleanslugproject: cleanSlug(model.name),
    description: model.description,
    readme: model.readme,
    image: '',
    computingtime: averageTicks === null ? '' : secondsInWords(averageTicks),
    categories: model.categories,
    tags: model.tags,
    samples: model.samples,
    inspire: model.inspire,
    parameters: model.parameters,
    marketplace: null,
    onlymembers: '1',
    averagepoint: '0',
    commentcount: '0',
    ratedusercount: '0',
    dynamicprice: '[]',
    cps: cpsOf(model.price),
    approximatelycost: formatUsd(averageTicks === null ? 0n : usualCost(model, averageTicks)),
    taskstat: {
      runcount: statistics.runCount,
      successcount: String(statistics.successCount),
      errorcount: String(statistics.errorCount),
      lastruntime: formatUnixSeconds(statistics.lastRunAt),
    },
    seotitle: slugOf(model),
    seodescription: model.description,
    price: model.price,
  };
}

/** Statistics keep times only: a price that counts something else is shown as its minimum. */
function usualCost({ price }: Model, ticks: bigint): bigint {
  return charge(price, { ticks, outputItems: 0, promptTokens: 0, outputTokens: 0 });
}

/** The same without the long texts. */
export function toolSummaryWire(model: Model, statistics?: ModelStatistics): WireToolSummary {
  const {
    readme: _readme,
    samples: _samples,
    inspire: _inspire,
    ...summary
  } = toolWire(model, statistics);
  return summary;
}

/** Rounded up, so that nothing takes zero seconds. */
function secondsInWords(ticks: bigint): string {
  const seconds = (ticks + TICKS_PER_SECOND - 1n) / TICKS_PER_SECOND;
  return seconds === 1n ? '1 second' : `${seconds} seconds`;
}
