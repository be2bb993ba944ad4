import type { Metrics } from '@runfleet/service';

export type EngineMetrics = ReturnType<typeof engineMetrics>;

/** An engine's load at one moment. */
export type EngineLoad = { running: number; waiting: number; cacheShare: number };

const FIRST_TOKEN_SECONDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
];
const NEXT_TOKEN_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5,
];

/**
 * The engine's metrics under vLLM's names, so that existing dashboards for language models work.
 */
export function engineMetrics(metrics: Metrics) {
  const labels = ['model_name'] as const;
  const running = metrics.gauge('vllm:num_requests_running', 'Answers being written.', labels);
  const waiting = metrics.gauge('vllm:num_requests_waiting', 'Runs without a slot.', labels);
  const cache = metrics.gauge(
    'vllm:kv_cache_usage_perc',
    'Share of the key-value cache in use, 0 to 1.',
    labels,
  );
  const firstToken = metrics.histogram(
    'vllm:time_to_first_token_seconds',
    'From the start of a run in the engine to its first text.',
    { labels, buckets: FIRST_TOKEN_SECONDS },
  );
  const nextToken = metrics.histogram(
    'vllm:inter_token_latency_seconds',
    'Between two tokens of an answer.',
    { labels, buckets: NEXT_TOKEN_SECONDS },
  );
  const read = metrics.counter('vllm:prompt_tokens_total', 'Tokens read.', labels);
  const written = metrics.counter('vllm:generation_tokens_total', 'Tokens written.', labels);
  const guessed = metrics.counter(
    'vllm:spec_decode_num_draft_tokens_total',
    'Draft tokens.',
    labels,
  );
  const right = metrics.counter(
    'vllm:spec_decode_num_accepted_tokens_total',
    'Draft tokens that were accepted.',
    labels,
  );
  const ended = metrics.counter('vllm:request_success_total', 'Answers that ended.', [
    'model_name',
    'finished_reason',
  ]);
  return {
    loadChanged(model_name: string, load: EngineLoad) {
      running.set({ model_name }, load.running);
      waiting.set({ model_name }, load.waiting);
      cache.set({ model_name }, load.cacheShare);
    },
    firstTextCame(model_name: string, seconds: number, promptTokens: number) {
      firstToken.observe({ model_name }, seconds);
      read.inc({ model_name }, promptTokens);
    },
    /** Tokens of one chunk share its time equally. */
    tokensCame(model_name: string, tokens: number, seconds: number) {
      for (let token = 0; token < tokens; token += 1) {
        nextToken.observe({ model_name }, seconds / tokens);
      }
    },
    tokensWritten: (model_name: string, tokens: number) => written.inc({ model_name }, tokens),
    tokensGuessed(model_name: string, drafts: { tokens: number; accepted: number }) {
      guessed.inc({ model_name }, drafts.tokens);
      right.inc({ model_name }, drafts.accepted);
    },
    answerEnded: (model_name: string, reason: string) =>
      ended.inc({ model_name, finished_reason: reason }),
  };
}
