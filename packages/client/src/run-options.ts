import { RUN_HEADERS } from '@runfleet/protocol';

/** What a Run may ask for besides the model's parameters. */
export type RunOptions = {
  /**
   * A Run that is repeated with the same key and parameters is the same task, for 24 hours. Where
   * left out, each call of `run` gets a key of its own, which makes its own retries safe.
   */
  idempotencyKey?: string | undefined;
  /** Whom of your own users it is for: they share your turns fairly. */
  fairnessKey?: string | undefined;
  /** Seconds of head start in your own line, 600 at most. */
  priority?: number | undefined;
  /** When it expires, free of charge, unless a worker has accepted it by then. */
  startTimeoutSeconds?: number | undefined;
  /** Labels that its worker must carry: `{ gpu: 'H100' }`. */
  requires?: Readonly<Record<string, string>> | undefined;
  /** Tasks that begin with the same text go to the same worker where that is free soon. */
  session?: string | undefined;
  signal?: AbortSignal | undefined;
};

const KEY_BYTES = 16;

/** The headers of a Run, with a new idempotency key where the caller gave none. */
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

/** `crypto.randomUUID` is missing in pages that are not served over https. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
