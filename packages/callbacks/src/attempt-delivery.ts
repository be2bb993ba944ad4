import type { Db } from '@runfleet/db';
import type { MasterKey } from '@runfleet/identity';
import { type Outbound, OutboundError, type OutboundLimits, readStart } from '@runfleet/outbound';
import type { CallbackJob } from '@runfleet/queue';

import { readCallbackSecrets } from './callback-secret.ts';
import { claimDelivery, type ClaimedDelivery } from './claim-delivery.ts';
import type { Clock } from './clock.ts';
import {
  type AttemptReport,
  type AttemptVerdict,
  closeAttempt,
  releaseClaim,
} from './close-attempt.ts';
import { retryPauseMs } from './retry-schedule.ts';
import { signCallback } from './sign-callback.ts';

/** The answer's body is not needed; its start helps to find out why a receiver refused. */
const KEPT_BYTES = 2_048;
const CONTENT_TYPE_CHARACTERS_MAX = 256;
/** How long and how large an attempt may be. */
export const CALLBACK_LIMITS: OutboundLimits = {
  connectMs: 5_000,
  headMs: 15_000,
  totalMs: 20_000,
  headBytes: 16_384,
  // More is not read, so this is no reason to fail.
  bodyBytes: Number.MAX_SAFE_INTEGER,
};
const GONE = 410;

export type AttemptContext = Clock & {
  db: Db;
  outbound: Outbound;
  limits: OutboundLimits;
  masterKey: MasterKey;
  /** The JSON text of a delivery. */
  readBody: (delivery: ClaimedDelivery) => Promise<string>;
  random?: () => number;
  /** Ends an attempt without counting it. */
  signal?: AbortSignal;
};

export type AttemptEnd = {
  result: 'delivered' | 'retried' | 'failed' | 'gone';
  durationMs: number;
  /** The delivery's next attempt; null if there is none. */
  retry: { job: CallbackJob; afterMs: number } | null;
  /** Deliveries that waited for this one's slot. */
  next: CallbackJob[];
};

/**
 * Makes one attempt at a delivery. Null if there was none to make. Rejects if Postgres is away or this
 * process stops; then the attempt is made again once its lease has ended.
 */
export async function attemptDelivery(
  ctx: AttemptContext,
  deliveryId: string,
): Promise<AttemptEnd | null> {
  const claimed = await claimDelivery(ctx, deliveryId);
  if (claimed === null) return null;
  const report = await send(ctx, claimed);
  if (ctx.signal?.aborted) {
    await releaseClaim(ctx, claimed);
    throw ctx.signal.reason;
  }
  const verdict = judge(report, claimed, ctx.random ?? Math.random);
  const next = await closeAttempt(ctx, claimed, { report, verdict });
  const { organisationId, attempt } = claimed;
  return {
    result: verdict.state === 'open' ? 'retried' : verdict.state,
    durationMs: report.durationMs,
    retry:
      verdict.state === 'open'
        ? { job: { organisationId, deliveryId, attempt }, afterMs: verdict.pauseMs }
        : null,
    next,
  };
}

async function send(ctx: AttemptContext, claimed: ClaimedDelivery): Promise<AttemptReport> {
  const body = await ctx.readBody(claimed);
  const secrets = await readCallbackSecrets(ctx, claimed.projectId);
  const timestamp = Number(claimed.at / 1_000_000n);
  const started = performance.now();
  const report = await call(ctx, claimed.url, body, {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'Runfleet-Callbacks/1',
    ...signCallback({ id: claimed.id, timestamp, body }, secrets),
  });
  return { ...report, durationMs: Math.round(performance.now() - started) };
}

async function call(
  ctx: AttemptContext,
  url: string,
  body: string,
  headers: Record<string, string>,
): Promise<Omit<AttemptReport, 'durationMs'>> {
  try {
    using answer = await ctx.outbound.call({
      method: 'POST',
      url,
      headers,
      body,
      redirectsMax: 0,
      limits: ctx.limits,
      ...(ctx.signal && { signal: ctx.signal }),
    });
    const { status } = answer;
    const type = answer.headers['content-type'] ?? null;
    const contentType = type && plain(type).slice(0, CONTENT_TYPE_CHARACTERS_MAX);
    // The status decides; a body that breaks off changes nothing.
    const start = await readStart(answer, KEPT_BYTES).catch(() => Buffer.alloc(0));
    return { status, error: null, contentType, body: plain(start.toString()) };
  } catch (error) {
    const isExpected = error instanceof OutboundError || ctx.signal?.aborted === true;
    if (!isExpected) throw error;
    const reason = error instanceof OutboundError ? error.message : 'stopped';
    return { status: null, error: reason, contentType: null, body: '' };
  }
}

/** Postgres stores no NUL in a text. */
function plain(text: string): string {
  return text.replaceAll('\0', '');
}

function judge(
  { status }: AttemptReport,
  { failures }: ClaimedDelivery,
  random: () => number,
): AttemptVerdict {
  if (status !== null && status >= 200 && status < 300) return { state: 'delivered' };
  if (status === GONE) return { state: 'gone' };
  const pauseMs = retryPauseMs(failures + 1, random());
  return pauseMs === null ? { state: 'failed' } : { state: 'open', pauseMs };
}
