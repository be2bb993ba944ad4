/** What must hold when a process or a server dies. Every test has its own servers, since it breaks them. */
import { setTimeout as delay } from 'node:timers/promises';

import { readAccount } from '@runfleet/billing';
import { migrateDb } from '@runfleet/db';
import type { BreakableServer } from '@runfleet/local-servers';
import { parseUsd } from '@runfleet/protocol';
import { startOwnPostgres, startOwnRedis } from '@runfleet/testing';
import { expect, test as base } from 'vitest';

import { PATIENCE_MS } from '../patience.ts';
import { Fleet, type FleetOptions, followText, MODEL } from './fleet.ts';
import type { RoleProcess } from './role-process.ts';

const test = base
  .extend('postgres', async ({}, { onCleanup }): Promise<BreakableServer> => {
    const postgres = await startOwnPostgres();
    onCleanup(() => postgres[Symbol.asyncDispose]());
    await migrateDb(postgres.url);
    return postgres;
  })
  .extend('redis', async ({}, { onCleanup }): Promise<BreakableServer> => {
    const redis = await startOwnRedis();
    onCleanup(() => redis[Symbol.asyncDispose]());
    return redis;
  })
  .extend('start', ({ postgres, redis }, { onCleanup }) => {
    return async (options: Partial<FleetOptions>): Promise<Fleet> => {
      const fleet = await Fleet.start({
        databaseUrl: postgres.url,
        redisUrl: redis.url,
        ...options,
      });
      onCleanup(() => fleet[Symbol.asyncDispose]());
      return fleet;
    };
  });

/** Waits until all `count` tasks have succeeded, then checks that each ended and was charged once. */
async function expectAllSucceeded(fleet: Fleet, count: number, withinMs: number): Promise<void> {
  const { sql } = fleet.db;
  const deadline = performance.now() + withinMs;
  for (;;) {
    const rows = await sql<{ outcome: string; count: string }[]>`
      select coalesce(outcome, status::text) as outcome, count(*) as count from tasks group by 1`;
    const succeeded = Number(rows.find(({ outcome }) => outcome === 'succeeded')?.count ?? 0);
    if (succeeded === count) break;
    if (performance.now() > deadline) {
      throw new Error(`Not all ${count} tasks succeeded in time: ${JSON.stringify(rows)}`);
    }
    await delay(100);
  }
  const doubled = await sql`
    select task_id from task_events where type in ('task_postprocess_end', 'task_cancel')
    group by task_id having count(*) <> 1`;
  expect(doubled).toEqual([]);
  const gaps = await sql`
    select task_id from task_events group by task_id having max(seq) <> count(*) or min(seq) <> 1`;
  expect(gaps).toEqual([]);
  const [charges] = await sql<{ settled: string; cost: string }[]>`
    select (select coalesce(sum(amount), 0)::numeric(24,12) from transfers where credit = 'revenue') as settled,
      (select sum(total_cost)::numeric(24,12) from tasks) as cost`;
  expect(charges?.settled).toBe(charges?.cost);
  const account = await readAccount(fleet, fleet.key.organisationId);
  expect(account).toEqual({
    balance: parseUsd('1000') - parseUsd(charges?.cost ?? '0'),
    held: 0n,
    activeTasks: 0,
  });
}

test(
  'after a worker is killed in the middle of an answer another finishes it with the same text, charged once',
  async ({ start }) => {
    const fleet = await start({ engine: 'tiny', env: { MAX_TOKENS_CAP: '4000' } });
    const client = fleet.client();
    const parameters = { prompt: 'Tell me a long story.', seed: '42', max_tokens: '3500' };
    const calm = await client.run(MODEL, parameters);
    const undisturbed = await followText(client.follow(calm.token, { mode: 'delta' }));

    const { taskId, token } = await client.run(MODEL, parameters);
    let isKilled = false;
    async function* killing() {
      for await (const frame of client.follow(token, { mode: 'delta' })) {
        yield frame;
        if (frame.type !== 'task_output' || isKilled) continue;
        isKilled = true;
        await fleet.worker[0]?.kill();
        void fleet.add('worker');
      }
    }
    const disturbed = await followText(killing());

    expect(isKilled).toBe(true);
    expect(disturbed.text).toBe(undisturbed.text);
    expect(undisturbed.text.length).toBeGreaterThan(100);
    const log = await fleet.log(taskId);
    expect(Math.max(...log.map(({ epoch }) => epoch))).toBe(3); // assigned, requeued, assigned
    const lifecycle = (types: string[]) =>
      types.filter((type) => type !== 'task_output' && type !== 'task_cost');
    const attempt = [
      'task_queue',
      'task_assign',
      'task_accept',
      'task_preprocess_start',
      'task_preprocess_end',
      'task_start',
    ];
    const expected = [
      ...attempt,
      ...attempt,
      'task_output_full',
      'task_end',
      'task_postprocess_start',
      'task_postprocess_end',
    ];
    expect(lifecycle(disturbed.types)).toEqual(expected);
    expect(lifecycle(log.map(({ type }) => type))).toEqual(expected);
    await expectAllSucceeded(fleet, 2, 10_000);
  },
  PATIENCE_MS,
);

test(
  'all of 200 queued tasks finish after Redis has twice come back empty',
  async ({ start, redis }) => {
    const fleet = await start({ roles: { worker: 0 } });
    const client = fleet.client();
    for (let i = 0; i < 8; i++) {
      await Promise.all(Array.from({ length: 25 }, () => client.run(MODEL, { prompt: 'a b c' })));
    }
    await redis.restart({ empty: true });
    await fleet.add('worker', { WORKER_SLOTS: '8', ECHO_TOKEN_DELAY_MS: '5' });
    // Again, while tasks move through the queue.
    await delay(500);
    await redis.restart({ empty: true });
    await expectAllSucceeded(fleet, 200, 60_000);
  },
  PATIENCE_MS,
);

test(
  'while Redis is down Runs are accepted, and they finish when it is back',
  async ({ start, redis }) => {
    const fleet = await start({});
    const client = fleet.client();
    await redis.kill();
    const runs = await Promise.all(
      Array.from({ length: 20 }, () => client.run(MODEL, { prompt: 'a b c' })),
    );
    expect(runs).toHaveLength(20);
    await redis.restart({ empty: true });
    await expectAllSucceeded(fleet, 20, 30_000);
  },
  PATIENCE_MS,
);

test(
  'a task continues while Postgres is down, and is finished and charged once when it is back',
  async ({ start, postgres }) => {
    const fleet = await start({ env: { ECHO_TOKEN_DELAY_MS: '20' } });
    const client = fleet.client();
    const { token } = await client.run(MODEL, { prompt: 'word '.repeat(300) });
    for await (const frame of client.follow(token)) if (frame.type === 'task_output') break;
    await postgres.kill();
    await delay(2_000);
    await postgres.restart({ empty: false });
    const { types } = await followText(client.follow(token, { mode: 'delta' }));
    expect(types.filter((type) => type === 'task_queue')).toHaveLength(1);
    await expectAllSucceeded(fleet, 1, 30_000);
  },
  PATIENCE_MS,
);

test(
  'every task finishes after one process of each role is killed under load',
  async ({ start }) => {
    const fleet = await start({
      roles: { api: 2, broker: 2, gateway: 2, worker: 3 },
      env: { ECHO_TOKEN_DELAY_MS: '10', WORKER_SLOTS: '8' },
    });
    const clients = [0, 1].map((index) => fleet.client({ api: index, gateway: index }));
    const tasks = 150;
    const follows: Promise<{ text: string }>[] = [];
    const prompt = 'word '.repeat(30).trim();
    const runSome = async (count: number) => {
      for (let i = 0; i < count; i++) {
        // Sent through either api, followed through the gateway that survives.
        const client = clients[i % 2];
        const { token } = (await client?.run(MODEL, { prompt })) ?? { token: '' };
        const survivor = fleet.client({ gateway: 1 });
        follows.push(followText(survivor.follow(token, { mode: 'delta' })));
      }
    };
    await runSome(tasks / 2);
    await Promise.all([fleet.worker[0]?.kill(), fleet.broker[0]?.kill(), fleet.gateway[0]?.kill()]);
    await fleet.api[0]?.kill();
    clients[0] = fleet.client({ api: 1, gateway: 1 });
    await runSome(tasks / 2);
    const results = await Promise.all(follows);
    expect(results.map(({ text }) => text)).toEqual(Array.from({ length: tasks }, () => prompt));
    await expectAllSucceeded(fleet, tasks, 60_000);
  },
  PATIENCE_MS,
);

test(
  'an input that kills its workers fails after three of them, and the tasks beside it finish',
  async ({ start }) => {
    const fleet = await start({
      roles: { worker: 0 },
      env: { ECHO_TOKEN_DELAY_MS: '50', WORKER_SLOTS: '4' },
    });
    const workers = new Map<string, RoleProcess>();
    const addWorker = async () => {
      const name = `worker-${workers.size}`;
      workers.set(name, await fleet.add('worker', { WORKER_NAME: name }));
    };
    for (let i = 0; i < 2; i++) await addWorker();
    const client = fleet.client();
    const poison = await client.run(MODEL, { prompt: 'poison '.repeat(400) });
    const neighbours = 7;
    for (let i = 0; i < neighbours; i++) await client.run(MODEL, { prompt: 'word '.repeat(60) });

    const killed = new Set<string>();
    for (;;) {
      const [task] = await fleet.db.sql<{ outcome: string | null; status: string; host: string }[]>`
      select t.outcome, t.status, w.host from tasks t left join workers w on w.id = t.worker_id
      where t.id = ${poison.taskId}`;
      if (task?.outcome) break;
      if (task?.status === 'task_start' && !killed.has(task.host)) {
        killed.add(task.host);
        await workers.get(task.host)?.kill();
        // As a supervisor would.
        await addWorker();
      }
      await delay(50);
    }

    expect(killed.size).toBe(3);
    const detail = await client.detail({ token: poison.token });
    expect(detail).toMatchObject({ status: 'task_postprocess_end', totalcost: '0.000000000000' });
    expect(detail.debugerror).toContain('Gave up after 3 attempts: worker lost');
    await expectAllSucceeded(fleet, neighbours, 60_000);
  },
  PATIENCE_MS,
);

test(
  'a stopping worker hands back the tasks that it cannot finish, and no attempt is counted',
  async ({ start }) => {
    const fleet = await start({ env: { ECHO_TOKEN_DELAY_MS: '20', WORKER_DRAIN_SECONDS: '0.2' } });
    const client = fleet.client();
    const { taskId, token } = await client.run(MODEL, { prompt: 'word '.repeat(200) });
    for await (const frame of client.follow(token)) if (frame.type === 'task_output') break;
    await fleet.worker[0]?.stop();
    await fleet.add('worker', { ECHO_TOKEN_DELAY_MS: '0' });
    await followText(client.follow(token, { mode: 'delta' }));
    await expectAllSucceeded(fleet, 1, 10_000);
    const [row] = await fleet.db.sql<{ attempts: number }[]>`
    select infra_attempts as attempts from tasks where id = ${taskId}`;
    expect(row?.attempts).toBe(0);
  },
  PATIENCE_MS,
);

test(
  'a queued task can be cancelled and stays cancelled',
  async ({ start }) => {
    const fleet = await start({ roles: { worker: 0 } });
    const client = fleet.client();
    const { taskId, token } = await client.run(MODEL, { prompt: 'a' });
    const follow = followText(client.follow(token));
    const cancelled = await client.cancel({ taskId });
    expect(cancelled).toMatchObject({ status: 'task_cancel', totalcost: '0.000000000000' });
    expect((await follow).types).toEqual(['task_queue', 'task_cancel']);
    expect((await fleet.log(taskId)).map(({ type }) => type)).toEqual([
      'task_queue',
      'task_cost',
      'task_cost',
      'task_cancel',
    ]);
    await fleet.add('worker');
    const next = await client.run(MODEL, { prompt: 'b' });
    await followText(client.follow(next.token));
    expect((await client.detail({ token })).status).toBe('task_cancel');
  },
  PATIENCE_MS,
);
