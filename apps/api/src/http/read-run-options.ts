import { parseLabels, RUN_HEADERS, RunfleetError } from '@runfleet/protocol';
import { PRIORITY_SECONDS_MAX } from '@runfleet/scheduler';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
const START_TIMEOUT_SECONDS_MAX = 86_400;
const NAME = /^[\x21-\x7e]{1,128}$/;

/** The options that a Run sets in its headers. */
export type RunOptions = {
  idempotencyKey: string | null;
  /** Empty if the Run names no end user. */
  fairnessKey: string;
  /** Seconds of head start. */
  priority: number;
  /** Null means no limit on the wait in the queue. */
  startTimeoutSeconds: number | null;
  requires: readonly string[];
  affinity: string | null;
};

/** Throws an `invalid_request` that names the header. An empty header counts as left out. */
export function readRunOptions(headers: Headers): RunOptions {
  return {
    idempotencyKey: readIdempotencyKey(headers.get(RUN_HEADERS.idempotencyKey)),
    fairnessKey: readName(headers, RUN_HEADERS.fairnessKey) ?? '',
    priority: readSeconds(headers, RUN_HEADERS.priority, 0, PRIORITY_SECONDS_MAX) ?? 0,
    startTimeoutSeconds: readSeconds(
      headers,
      RUN_HEADERS.startTimeout,
      1,
      START_TIMEOUT_SECONDS_MAX,
    ),
    requires: readLabels(headers, RUN_HEADERS.requires),
    affinity: readName(headers, RUN_HEADERS.session),
  };
}

/** An empty key is refused, too: its caller believes that a repeat is safe. */
function readIdempotencyKey(given: string | null): string | null {
  if (given === null || IDEMPOTENCY_KEY.test(given)) return given;
  throw invalid('Idempotency-Key', 'must be 1 to 255 visible ASCII characters');
}

function readName(headers: Headers, header: string): string | null {
  const given = headers.get(header) ?? '';
  if (given === '') return null;
  if (!NAME.test(given)) throw invalid(header, 'must be 1 to 128 visible ASCII characters');
  return given;
}

function readSeconds(headers: Headers, header: string, min: number, max: number): number | null {
  const given = headers.get(header) ?? '';
  if (given === '') return null;
  const seconds = /^\d{1,9}$/.test(given) ? Number(given) : -1;
  if (seconds < min || seconds > max) {
    throw invalid(header, `must be whole seconds from ${min} to ${max}`);
  }
  return seconds;
}

function readLabels(headers: Headers, header: string): string[] {
  try {
    return parseLabels(headers.get(header) ?? '');
  } catch (cause) {
    throw invalid(header, (cause as Error).message, cause);
  }
}

function invalid(header: string, problem: string, cause?: unknown): RunfleetError {
  return new RunfleetError('invalid_request', `Request header [${header}] ${problem}`, { cause });
}
