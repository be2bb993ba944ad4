/** Many callbacks to many receivers of one organisation, some of which never answer. */
import { randomBytes } from 'node:crypto';

import { CALLBACK_LIMITS, CallbackSender, listLostJobs } from '@runfleet/callbacks';
import { insertDeliveries, LOOPBACK, startReceiver } from '@runfleet/callbacks/receivers';
import type { Db } from '@runfleet/db';
import { openMasterKey } from '@runfleet/identity';
import { openOutbound } from '@runfleet/outbound';
import { openCallbackJobs } from '@runfleet/queue';

export type ManyPlan = {
  deliveries: number;
  endpoints: number;
  /** How many of the endpoints never answer. */
  hanging: number;
  /** Two processes, each with this many attempts at once. */
  atOnce: number;
};

export type ManyResult = {
  /** Deliveries to endpoints that answer, which arrived, and how often in all. */
  wanted: number;
  arrived: number;
  received: number;
  /** From the first job until the last of them arrived. */
  seconds: number;
  /** The most requests that one hanging endpoint had at once. */
  hangingAtOnce: number;
};

/** How often a broker would look, and for how long at most this waits. */
const LOOK_MS = 1_000;
const WAIT_MS = 300_000;

export async function deliverMany(
  { db, redisUrl }: { db: Db; redisUrl: string },
  plan: ManyPlan,
): Promise<ManyResult> {
  const held = new Map<string, number>();
  let hangingAtOnce = 0;
  await using answering = await startReceiver();
  await using silent = await startReceiver((response, _nth, { headers }) => {
    const host = headers.host ?? '';
    const change = (by: number) => held.set(host, (held.get(host) ?? 0) + by);
    change(1);
    hangingAtOnce = Math.max(hangingAtOnce, held.get(host) ?? 0);
    response.on('close', () => change(-1));
  });
  // Deliveries of a project that has no secret.
  const tenant = { organisationId: '1', projectId: '1' };
  const urls = Array.from({ length: plan.deliveries }, (_, index) => {
    const endpoint = index % plan.endpoints;
    return endpoint < plan.hanging ? silent.urlOf(endpoint) : answering.urlOf(endpoint);
  });
  const ids = await insertDeliveries(db, tenant, urls);
  const wanted = urls.filter((url) => new URL(url).port === new URL(answering.url).port).length;

  await using jobs = openCallbackJobs({ url: redisUrl });
  const ctx = {
    db,
    outbound: openOutbound({ openNetworks: LOOPBACK }),
    limits: CALLBACK_LIMITS,
    masterKey: await openMasterKey({ hex: randomBytes(32).toString('hex'), file: '' }),
    readBody: async () => '{"total":"0","errors":[],"tasklist":[],"result":true}',
  };
  const options = { ctx, jobs, atOnce: plan.atOnce, onEnd: () => {}, onError: () => {} };
  await using _one = new CallbackSender(options);
  await using _two = new CallbackSender(options);
  const { organisationId } = tenant;
  const started = performance.now();
  await jobs.add(ids.map((deliveryId) => ({ organisationId, deliveryId, attempt: 0 })));
  while (new Set(answering.ids()).size < wanted && performance.now() - started < WAIT_MS) {
    await new Promise((waited) => setTimeout(waited, LOOK_MS));
    await jobs.add(await listLostJobs(ctx));
  }
  return {
    wanted,
    arrived: new Set(answering.ids()).size,
    received: answering.received.length,
    seconds: (performance.now() - started) / 1_000,
    hangingAtOnce,
  };
}
