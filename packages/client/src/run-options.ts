import { RUN_HEADERS } from '@runfleet/protocol';

/** Options of a Run besides the model's parameters. */
export type RunOptions = {
  /**
   * For 24 hours a repeated Run with the same key and parameters returns the same task. By default each
   * call of `run` has a new key, which makes its own retries safe.
   */
  idempotencyKey?: string | undefined;
  /** Your end user. End users share your turns fairly. */
  fairnessKey?: string | undefined;
  /** Seconds of head start among your own tasks, at most 600. */
  priority?: number | undefined;
  /** After so many seconds the task expires, free of charge, unless a worker has accepted it. */
  startTimeoutSeconds?: number | undefined;
  /** Labels that the worker must carry: `{ gpu: 'H100' }`. */
  requires?: Readonly<Record<string, string>> | undefined;
  /**
   * Tasks of one session prefer the worker that has their prefix in its cache, if it is free soon.
   */
  session?: string | undefined;
  signal?: AbortSignal | undefined;
};

const KEY_BYTES = 16;

/** The headers of a Run, with a new idempotency key by default. */
export function runHeaders(options: RunOptions): Record<string, string> {
  const { fairnessKey, priority, startTimeoutSeconds, requires, session } = options;
  const labels = Object.entries(requires ?? {}).map(([name, value]) => `${name}=${value}`);
  const headers = {
    [RUN_HEADERS.idempotencyKey]: options.idempotencyKey ?? newKey(),
    [RUN_HEADERS.fairnessKey]: fairnessKey,
    [RUN_HEADERS.priority]: priority?.toString(),
    [RUN_HEADERS.startTimeout]: startTimeoutSeconds?.toString(),
    [RUN_HEADERS.requires]: labels.length === 0 ? undefined : labels.join(', '),
    [RUN_HEADERS.session]: session,
  };
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Pages that are not served over https have no `crypto.randomUUID`. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
