/** Turns of conversations through real processes: what a turn reads, whatever dies in between. */
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';

import {
  RunfleetApiError,
  type RunfleetClient,
  RunfleetConnectionError,
  type WireTask,
} from '@runfleet/client';
import { testWithDb as test } from '@runfleet/db/testing';
import { eventually } from '@runfleet/testing';
import { Redis } from 'ioredis';
import { expect, vi } from 'vitest';

import { PATIENCE_MS } from '../patience.ts';
import { Fleet, MODEL } from './fleet.ts';

vi.setConfig({ testTimeout: PATIENCE_MS });

const TURNS = 30;
const RUNNING = 94;
/** Prompts are cut at fixed places, and whole pieces are reused. */
const CHUNK_TOKENS_MAX = 64;
/** The echo engine answers it with all messages that it was given. */
const RECALL = 'What was said?';

test('a conversation of 30 turns reads its history over the death of its worker and an empty Redis', async ({
  databaseUrl,
  redisUrl,
}) => {
  await using fleet = await Fleet.start({
    databaseUrl,
    redisUrl,
    roles: { api: 2, gateway: 0 },
    env: { ECHO_TOKEN_DELAY_MS: '2' },
  });
  const redis = new Redis(redisUrl);
  const clients = [fleet.client({ api: 0 }), fleet.client({ api: 1 })];
  const said: string[] = [];
  let read = { turns: 0, tokens: 0, dropped: 0 };
  for (let turn = 1; turn <= TURNS; turn += 1) {
    const client = clients[turn % 2] ?? fleet.client();
    const isFatal = turn === 11;
    const prompt = isFatal ? 'a long turn '.repeat(100).trim() : `this is turn ${turn}`;
    const asked = client.runSync(MODEL, { prompt, session_id: 's' });
    if (isFatal) await replaceWorkerInTurn(fleet);
    if (turn % 5 === 0) await redis.flushdb();
    const task = await asked;
    expect([task.debugoutput, task.pexit]).toEqual([prompt, '0']);
    expect(task.receipt?.history).toEqual(turn === 1 ? undefined : read);
    const own = prompt.split(' ').length;
    expect(task.receipt?.promptTokens).toBe(read.tokens + own);
    said.push(`user: ${prompt}`, `assistant: ${prompt}`);
    read = { ...read, turns: read.turns + 1, tokens: read.tokens + 2 * own };
    if (turn % 10 > 1) continue;
    // Branches, so that the conversation does not grow by what is recalled.
    const branch = { session_id: 's', previousTaskToken: task.socketaccesstoken };
    const recalled = await client.runSync(MODEL, { ...branch, prompt: RECALL });
    expect(recalled.debugoutput).toBe(said.join('\n'));
    await client.runSync(MODEL, { ...branch, prompt: 'on' });
    said.push('user: on', 'assistant: on');
    read = { ...read, turns: read.turns + 1, tokens: read.tokens + 2 };
  }
  expect(await fleet.client().conversations()).toMatchObject({ total: 1 });
  redis.disconnect();
});

/** Kills the worker of the running turn, lets its lease pass, and starts another one. */
async function replaceWorkerInTurn(fleet: Fleet): Promise<void> {
  await eventually(async () => {
    const rows = await fleet.db.sql`select 1 from tasks where status = 'task_start'`;
    expect(rows).toHaveLength(1);
  });
  await fleet.worker[0]?.kill();
  await fleet.db.sql`update pulse set n = n + 60`;
  await fleet.add('worker');
}

test('of 50 turns at once on two apis, one of which is killed, each is accepted alone and once', async ({
  databaseUrl,
  redisUrl,
}) => {
  await using fleet = await Fleet.start({ databaseUrl, redisUrl, roles: { api: 2, gateway: 0 } });
  const clients = [fleet.client({ api: 0 }), fleet.client({ api: 1 })];
  const ends = new Ends();
  const callers = Array.from({ length: 50 }, async (_, n) => {
    const options = { idempotencyKey: randomUUID() };
    const parameters = { prompt: `caller ${n}`, session_id: 's' };
    const task = await untilAccepted(n, clients, ends, (client) =>
      client.runSync(MODEL, parameters, options),
    );
    ends.add();
    return task;
  });
  await eventually(() => expect(ends.count).toBeGreaterThan(5));
  await fleet.api[0]?.kill();
  const tasks = await Promise.all(callers);

  expect(new Set(tasks.map(({ id }) => id)).size).toBe(50);
  expect(tasks.every(({ pexit }) => pexit === '0')).toBe(true);
  // Each continues the one before it, and began after its end.
  const turns = await fleet.db.sql<{ id: string; turn: number; parent: string; after: boolean }[]>`
    select id, turn, parent_id as parent,
      queued_at >= coalesce(lag(postprocess_ended_at) over (order by id), queued_at) as after
    from tasks order by id`;
  expect(turns).toHaveLength(50);
  for (const [index, { turn, parent, after }] of turns.entries()) {
    expect({ turn, parent, after }).toEqual({
      turn: index + 1,
      parent: turns[index - 1]?.id ?? null,
      after: true,
    });
  }
  const last = tasks.find(({ id }) => id === turns.at(-1)?.id);
  const previousTaskToken = last?.socketaccesstoken;
  const recall = { prompt: RECALL, session_id: 's', previousTaskToken };
  const { debugoutput } = await fleet.client({ api: 1 }).runSync(MODEL, recall);
  const prompts = new Map(tasks.map(({ id, parameters }) => [id, String(parameters['prompt'])]));
  const said = turns.flatMap(({ id }) => {
    const prompt = prompts.get(id) ?? '';
    return [`user: ${prompt}`, `assistant: ${prompt}`];
  });
  expect(debugoutput).toBe(said.join('\n'));
});

/** How many turns have ended, and a wait for the next one. */
class Ends {
  count = 0;
  readonly #events = new EventEmitter().setMaxListeners(50);

  add(): void {
    this.count += 1;
    this.#events.emit('end');
  }

  async after(count: number): Promise<void> {
    if (this.count === count) await once(this.#events, 'end');
  }
}

/** Calls again when another turn has ended, and the next api after one that does not answer. */
async function untilAccepted(
  first: number,
  clients: readonly RunfleetClient[],
  ends: Ends,
  call: (client: RunfleetClient) => Promise<WireTask>,
): Promise<WireTask> {
  for (let api = first; ;) {
    const client = clients[api % clients.length];
    if (!client) throw new Error('There is no client.');
    const seen = ends.count;
    try {
      return await call(client);
    } catch (error) {
      const isBusy = error instanceof RunfleetApiError && error.code === RUNNING;
      if (isBusy) await ends.after(seen);
      else if (error instanceof RunfleetConnectionError) api += 1;
      else throw error;
    }
  }
}

test('turns of two conversations find their prompts in the cache of their worker', async ({
  databaseUrl,
  redisUrl,
}) => {
  const roles = { gateway: 0, worker: 2 };
  await using fleet = await Fleet.start({ databaseUrl, redisUrl, roles, engine: 'tiny' });
  const client = fleet.client();
  const read = new Map([
    ['Ann', 0],
    ['Bob', 0],
  ]);
  for (let turn = 1; turn <= 5; turn += 1) {
    for (const [session, before] of read) {
      const prompt = `${session} says sentence ${turn}. `.repeat(5);
      const sampling = { max_tokens: 8, temperature: 0 };
      const task = await client.runSync(MODEL, { prompt, session_id: session, ...sampling });
      const [content] = task.outputs.flatMap((one) => ('content' in one ? one.content : []));
      const usage = content?.usage;
      expect(task.receipt?.history?.turns ?? 0).toBe(turn - 1);
      // Whole chunks of the earlier prompt; the answer was not read in chunks.
      expect(usage?.input_tokens_details.cached_tokens).toBeGreaterThan(before - CHUNK_TOKENS_MAX);
      read.set(session, usage?.input_tokens ?? 0);
    }
  }
  for (const tokens of read.values()) expect(tokens).toBeGreaterThan(2 * CHUNK_TOKENS_MAX);
});
