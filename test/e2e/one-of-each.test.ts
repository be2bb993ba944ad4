/** One process of each role with the echo engine: tasks and their wire over real HTTP and WebSocket. */
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import { readAccount } from '@runfleet/billing';
import { formatTicks, parseUsd, rawOf } from '@runfleet/protocol';
import { missingPrograms } from '@runfleet/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import WebSocket from 'ws';

import { PATIENCE_MS } from '../patience.ts';
import { Fleet, followText, MODEL } from './fleet.ts';

const execute = promisify(execFile);
const TOKEN_MS = 15;

let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.startWithServers(inject('runFolder'), {
    env: { ECHO_TOKEN_DELAY_MS: String(TOKEN_MS), WORKER_SLOTS: '32' },
  });
}, PATIENCE_MS);

afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
}, PATIENCE_MS);

const STATES_BEFORE_OUTPUT = [
  'task_queue',
  'task_assign',
  'task_accept',
  'task_preprocess_start',
  'task_preprocess_end',
  'task_start',
];
const STATES_AFTER_OUTPUT = [
  'task_output_full',
  'task_end',
  'task_postprocess_start',
  'task_postprocess_end',
];

/** Checks what holds for every task's log, and returns its event types. */
async function expectSoundLog(taskId: string): Promise<string[]> {
  const log = await fleet.log(taskId);
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
  const times = log.map(({ at }) => at);
  expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  const ends = log.filter(({ type }) => ['task_postprocess_end', 'task_cancel'].includes(type));
  expect(ends).toHaveLength(1);
  expect(log.at(-1)).toEqual(ends[0]);
  return log.map(({ type }) => type).filter((type) => type !== 'task_cost');
}

const withoutOutput = (types: readonly string[]) => types.filter((type) => type !== 'task_output');

describe('socket and database have every event in the order of the contract', () => {
  test('for a successful task', async () => {
    const client = fleet.client();
    const { taskId, token } = await client.run(MODEL, { prompt: 'one two three four' });
    const { text, types } = await followText(client.follow(token, { mode: 'delta' }));

    expect(text).toBe('one two three four');
    expect(types).toContain('task_output');
    const expected = [...STATES_BEFORE_OUTPUT, ...STATES_AFTER_OUTPUT];
    expect(withoutOutput(types)).toEqual(expected);
    expect(withoutOutput(await expectSoundLog(taskId))).toEqual(expected);
    const first = types.indexOf('task_output');
    expect(types.slice(0, first)).toEqual(STATES_BEFORE_OUTPUT);

    const task = await client.detail({ token });
    expect(task).toMatchObject({ id: taskId, pexit: '0', debugoutput: text, debugerror: '' });
    const file = task.outputs.find((output) => 'url' in output);
    expect(await (await fetch(file && 'url' in file ? file.url : '')).text()).toBe(text);
  });

  test('for a failure: a prompt that cannot run ends with a reason and costs nothing', async () => {
    const client = fleet.client();
    const { taskId, token } = await client.run(MODEL, { prompt: 'word '.repeat(6_000) });
    const { types, frames } = await followText(client.follow(token));
    const expected = [
      ...STATES_BEFORE_OUTPUT.slice(0, 4),
      'task_error',
      'task_error_full',
      'task_end',
      'task_postprocess_start',
      'task_postprocess_end',
    ];
    expect(types).toEqual(expected);
    expect(await expectSoundLog(taskId)).toEqual(expected);
    expect(frames.at(-1)?.message).toEqual([]);
    const task = await client.detail({ token });
    expect(task).toMatchObject({ totalcost: '0.000000000000', debugoutput: '' });
    expect(task.pexit).not.toBe('0');
    expect(task.debugerror).toContain('words long');
  });

  test('for a kill: the task ends at once, in the middle of its answer, and costs nothing', async () => {
    const client = fleet.client();
    const { taskId, token } = await client.run(MODEL, {
      prompt: 'word '.repeat(2_000),
      timeout: 60,
    });
    const types: string[] = [];
    let killed: Promise<{ status: string }> | undefined;
    for await (const frame of client.follow(token)) {
      types.push(frame.type);
      if (frame.type === 'task_output') killed ??= client.kill({ token });
    }
    expect((await killed)?.status).toBe('task_cancel');
    const expected = [...STATES_BEFORE_OUTPUT, 'task_cancel'];
    expect(withoutOutput(types)).toEqual(expected);
    expect(withoutOutput(await expectSoundLog(taskId))).toEqual(expected);
    await expect(client.kill({ token })).rejects.toMatchObject({ code: 1 });
    await expect(client.cancel({ token })).rejects.toMatchObject({
      message: 'Task is not in a cancellable state.',
    });
  });

  test('a task that times out after its first output has an answer, charged at most to its timeout', async () => {
    const client = fleet.client();
    const { token } = await client.run(MODEL, { prompt: 'word '.repeat(2_000), timeout: 1 });
    await followText(client.follow(token));
    const task = await client.detail({ token });
    expect(task).toMatchObject({
      pexit: '0',
      elapsedseconds: '1.0000',
      totalcost: '0.000585000000',
    });
    expect(task.debugoutput.length).toBeGreaterThan(0);
  });
});

describe('clients', () => {
  test('a cumulative client sees the answer grow, and a late one gets all of it', async () => {
    const client = fleet.client();
    const prompt = 'word '.repeat(60).trim();
    const { token } = await client.run(MODEL, { prompt });
    const raws: string[] = [];
    for await (const frame of client.follow(token)) {
      if (frame.type === 'task_output') raws.push(rawOf(frame) ?? '');
    }
    expect(raws.length).toBeGreaterThan(1);
    for (const [index, raw] of raws.entries()) {
      expect(raw.startsWith(raws[index - 1] ?? '')).toBe(true);
    }
    expect(raws.at(-1)).toBe(prompt);

    const late = await followText(client.follow(token));
    expect(late.types.filter((type) => type === 'task_output')).toHaveLength(1);
    expect(withoutOutput(late.types)).toEqual([...STATES_BEFORE_OUTPUT, ...STATES_AFTER_OUTPUT]);
  });

  test('a delta client that resumes after any event gets every later event once', async () => {
    const client = fleet.client();
    const { token } = await client.run(MODEL, { prompt: 'a b c d e f g' });
    const whole = await followText(client.follow(token, { mode: 'delta' }));
    for (const { seq = 0 } of whole.frames.slice(0, -1)) {
      const rest = await followText(client.follow(token, { mode: 'delta', after: seq }));
      expect(rest.frames.map((frame) => frame.seq)).toEqual(
        whole.frames.map((frame) => frame.seq ?? 0).filter((other) => other > seq),
      );
    }
  });

  test('several tasks share one connection, unknown frames are ignored, a bad token is refused', async () => {
    const client = fleet.client();
    const runs = await Promise.all([1, 2, 3].map(() => client.run(MODEL, { prompt: 'hi' })));
    const socket = new WebSocket(fleet.socketUrl());
    const ended = new Set<string>();
    const rest: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (data: Buffer) => {
        const frame = JSON.parse(data.toString('utf8')) as Record<string, string>;
        if (frame['type'] === 'connected') {
          socket.send('{"type":"what"}');
          socket.send('{"type":"task_info","tasktoken":"nope"}');
          for (const { token } of runs) {
            socket.send(`{"type": "task_info", "tasktoken": "${token}"}`);
          }
        }
        if (!('tasktoken' in frame)) rest.push(frame);
        if (frame['type'] === 'task_postprocess_end') ended.add(frame['tasktoken'] ?? '');
        if (ended.size === runs.length) resolve();
      });
    });
    socket.close();
    expect(rest).toEqual([
      { type: 'connected', version: '1.0' },
      { type: 'error', message: 'tasktoken-invalid', result: false },
    ]);
  });
});

const RUN_ANSWER =
  /^\{"errors":\[\],"taskid":"(\d+)","socketaccesstoken":"([A-Za-z0-9]{30})","result":true\}$/;

test.skipIf(missingPrograms('bash', 'curl', 'openssl', 'sed').length > 0)(
  'the documented shell sample works as printed, one signature for two calls (with bash, curl, openssl and sed)',
  async ({ onTestFinished }) => {
    const folder = await mkdtemp(join(tmpdir(), 'runfleet-sample-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { apiKey, apiSecret } = fleet.key;
    const script = `
    set -eu
    export YOUR_API_KEY="${apiKey}";
    export YOUR_API_SECRET="${apiSecret}";
    export NONCE=$(date +%s);
    export SIGNATURE="$(echo -n "\${YOUR_API_SECRET}\${NONCE}" | openssl dgst -sha256 -hmac "\${YOUR_API_KEY}")";
    curl -sS -X POST "${fleet.apiUrl()}/Run/microsoft/Phi-3.5-mini-instruct"  \\
    -H "Content-Type: application/json" \\
    -H "x-api-key: \${YOUR_API_KEY}" \\
    -H "x-nonce: \${NONCE}" \\
    -H "x-signature: \${SIGNATURE}" \\
    -d '{"prompt":"Hello there"}' > "$1/run.json"
    TOKEN=$(sed -n 's/.*"socketaccesstoken":"\\([A-Za-z0-9]*\\)".*/\\1/p' "$1/run.json")
    curl -sS -X POST "${fleet.apiUrl()}/Task/Detail"  \\
    -H "Content-Type: application/json" \\
    -H "x-api-key: \${YOUR_API_KEY}" \\
    -H "x-nonce: \${NONCE}" \\
    -H "x-signature: \${SIGNATURE}" \\
    -d '{
      "tasktoken": "'"$TOKEN"'"
    }'
    echo; cat "$1/run.json"`;
    const { stdout } = await execute('bash', ['-c', script, 'sample', folder]);
    const [detail = '', run = ''] = stdout.trim().split('\n');
    expect(run).toMatch(RUN_ANSWER);
    const id = RUN_ANSWER.exec(run)?.[1];
    const answer = { total: '1', errors: [], tasklist: [{ id }], result: true };
    expect(JSON.parse(detail)).toMatchObject(answer);
  },
);

test('one signature, in the format of openssl, is valid for two calls', async () => {
  const { apiKey, apiSecret } = fleet.key;
  const nonce = String(Math.floor(Date.now() / 1_000));
  const digest = createHmac('sha256', apiKey)
    .update(apiSecret + nonce)
    .digest('hex');
  const headers = {
    'content-type': 'application/json',
    'x-api-key': apiKey,
    'x-nonce': nonce,
    'x-signature': `SHA2-256(stdin)= ${digest}`,
  };
  const post = async (path: string, body: object) => {
    const url = `${fleet.apiUrl()}/${path}`;
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    return (await fetch(url, init)).text();
  };
  const run = await post('Run/microsoft/Phi-3.5-mini-instruct', { prompt: 'Hello there' });
  expect(run).toMatch(RUN_ANSWER);
  const [, id, tasktoken] = RUN_ANSWER.exec(run) ?? [];
  const detail = await post('Task/Detail', { tasktoken });
  const answer = { total: '1', errors: [], tasklist: [{ id }], result: true };
  expect(JSON.parse(detail)).toMatchObject(answer);
});

test('a worker exports engine metrics under the names that dashboards use', async () => {
  const client = fleet.client();
  const { token } = await client.run(MODEL, { prompt: 'one two three' });
  await followText(client.follow(token));

  const metrics = await (await fetch(`${fleet.worker[0]?.url}/metrics`)).text();
  for (const name of ['vllm:prompt_tokens_total', 'vllm:time_to_first_token_seconds_count']) {
    expect(metrics).toMatch(
      new RegExp(`^${name}\\{[^}]*model_name="${MODEL}"[^}]*\\} [1-9]`, 'mu'),
    );
  }
});

test('bad input is refused by name, and nothing is stored or charged', async () => {
  const key = await fleet.createKey('100');
  const client = fleet.client({ key });
  const cases: [Record<string, unknown>, string][] = [
    [{}, '[prompt] required'],
    [{ prompt: 1 }, '[prompt]'],
    [{ prompt: 'a\0' }, '[prompt]'],
    [{ prompt: '\ud800' }, '[prompt]'],
    [{ prompt: 'a', temperature: 'x' }, '[temperature] must be integer or float'],
    [{ prompt: 'a', top_p: 2 }, '[top_p] must be between 0 and 1'],
    [{ prompt: 'a', session_id: 's'.repeat(257) }, '[session_id]'],
    [{ prompt: 'a', regex: '(' }, '[regex] is not a regular expression'],
    [
      {
        prompt: 'a',
        response_format: { type: 'json_schema', json_schema: { schema: { oneOf: [] } } },
      },
      '[response_format.json_schema.schema.oneOf] must not be empty',
    ],
  ];
  for (const [parameters, message] of cases) {
    await expect(client.run(MODEL, parameters)).rejects.toMatchObject({
      code: 0,
      message: expect.stringContaining(message),
    });
  }
  await expect(client.run('microsoft/nothing', { prompt: 'a' })).rejects.toMatchObject({
    code: 1,
    message: 'slug-owner-project-not-exist',
  });
  await expect(client.run(MODEL, { prompt: 'x'.repeat(2_000_000) })).rejects.toMatchObject({
    status: 413,
  });
  const url = `${fleet.apiUrl()}/Run/${MODEL}`;
  const headers = { 'content-type': 'application/json', 'x-api-key': key.apiKey };
  const unsigned = await fetch(url, { method: 'POST', headers, body: '{"prompt":"a"}' });
  expect([unsigned.status, await unsigned.json()]).toMatchObject([401, { result: false }]);
  const forged = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'x-nonce': '1', 'x-signature': 'ab'.repeat(32) },
    body: '{"prompt":"a"}',
  });
  expect(forged.status).toBe(401);

  const account = await readAccount({ db: fleet.db }, key.organisationId);
  expect(account).toEqual({ balance: parseUsd('100'), held: 0n, activeTasks: 0 });
  const { organisationId } = key;
  const stored = await fleet.db.sql`select 1 from tasks where organisation_id = ${organisationId}`;
  expect(stored).toHaveLength(0);
});

test(
  '1,000 tasks each cost elapsed seconds times price to the last digit, and every hold is released',
  async () => {
    const tasks = 1_000;
    const atOnce = 48;
    const key = await fleet.createKey('1000');
    const client = fleet.client({ key });
    let started = 0;
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        while (started++ < tasks) await client.run(MODEL, { prompt: 'a b' });
      }),
    );
    const { sql } = fleet.db;
    const ended = async () => {
      const [row] = await sql<{ count: string }[]>`
      select count(*) as count from tasks
      where organisation_id = ${key.organisationId} and status = 'task_postprocess_end'`;
      return Number(row?.count);
    };
    while ((await ended()) < tasks) await delay(100);

    let total = 0n;
    for (let start = 0; start < tasks; start += 100) {
      const page = await client.list({ start, limit: 100 });
      expect(page.total).toBe(tasks);
      for (const task of page.tasks) {
        expect(task.pexit).toBe('0');
        const ticks = BigInt(task.elapsedseconds.replace('.', ''));
        expect(formatTicks(ticks)).toBe(task.elapsedseconds);
        const cost = (ticks * parseUsd(task.cps)) / 10_000n;
        expect(parseUsd(task.totalcost)).toBe(cost);
        total += cost;
      }
    }
    const account = await readAccount({ db: fleet.db }, key.organisationId);
    expect(account).toEqual({ balance: parseUsd('1000') - total, held: 0n, activeTasks: 0 });
  },
  PATIENCE_MS,
);

test('a role with invalid settings lists all of them and does not start', async () => {
  const main = new URL('../../apps/runfleet/src/main.ts', import.meta.url).pathname;
  const args = ['--import', 'tsx', main, 'start', '--roles', 'worker'];
  const env = { PATH: process.env['PATH'], WORKER_SLOTS: 'many', ENGINE: 'magic' };
  const failure = await execute(process.execPath, args, { env }).catch(
    (error: { stderr: string; code: number }) => error,
  );
  expect(failure).toMatchObject({ code: 1 });
  for (const name of ['DATABASE_URL', 'REDIS_URL', 'WORKER_SLOTS', 'ENGINE']) {
    expect(failure.stderr).toContain(name);
  }
});
