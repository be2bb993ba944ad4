import { deposit } from '@runfleet/billing';
import type { Db } from '@runfleet/db';
import { createProject } from '@runfleet/identity';
import { parseUsd } from '@runfleet/protocol';
import { removeLimit, setLimit } from '@runfleet/tasks';
import { describe, expect } from 'vitest';

import { RUN, testWithApi as test } from '../../testing.ts';

async function stored(db: Db) {
  const [row] = await db.sql<{ tasks: string; events: string; held: string; transfers: string }[]>`
    select (select count(*) from tasks) as tasks, (select count(*) from task_events) as events,
      (select sum(held) from accounts) as held,
      (select count(*) from transfers where task_id is not null) as transfers`;
  return row;
}
const NOTHING = { tasks: '0', events: '0', held: '0.000000000000', transfers: '0' };

test("a Run is answered with its task, under the wire's keys", async ({ api, tenant }) => {
  const { status, body, headers } = await api.call(tenant, RUN, { prompt: 'Hello' });
  expect(status).toBe(200);
  expect(Object.keys(body)).toEqual(['errors', 'taskid', 'socketaccesstoken', 'result']);
  expect(body).toEqual({
    errors: [],
    taskid: expect.stringMatching(/^[1-9]\d*$/),
    socketaccesstoken: expect.stringMatching(/^[A-Za-z0-9]{30}$/),
    result: true,
  });
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
});

test('task, hold and events are stored before the answer', async ({ api, tenant, db }) => {
  const given = { prompt: 'Hello', temperature: '0.5', user_id: 'u', timeout: 100, seed: 7 };
  await api.call(tenant, RUN, { ...given, projectid: tenant.projectId, callbackUrl: '' });
  await expect(stored(db)).resolves.toEqual({
    ...NOTHING,
    tasks: '1',
    events: '2',
    held: '0.058500000000',
    transfers: '1',
  });
  const [row] = await db.sql`
    select parameters, seed, timeout_seconds, status, project_id, organisation_id, model_id from tasks`;
  expect(row).toEqual({
    parameters: given,
    seed: '7',
    timeout_seconds: 100,
    status: 'task_queue',
    project_id: tenant.projectId,
    organisation_id: tenant.organisationId,
    model_id: '598',
  });
});

test("the options in a Run's headers are stored with its task", async ({ api, tenant, db }) => {
  const { body } = await api.call(
    tenant,
    RUN,
    { prompt: 'Hello' },
    {
      'x-runfleet-fairness-key': 'user-1',
      'x-runfleet-priority': '60',
      'x-runfleet-start-timeout': '30',
      'x-runfleet-requires': 'zone=a, gpu=H100',
      'x-runfleet-session': 'chat-7',
      'x-runfleet-colour': 'blue',
    },
  );
  expect(body).toMatchObject({ result: true });
  const [row] = await db.sql`
    select fairness_key, priority, requires, affinity, parameters,
      extract(epoch from start_by - queued_at)::float8 as patience
    from tasks`;
  expect(row).toEqual({
    fairness_key: 'user-1',
    priority: 60,
    requires: ['gpu=H100', 'zone=a'],
    affinity: 'chat-7',
    patience: 30,
    parameters: { prompt: 'Hello' },
  });
});

describe('an Idempotency-Key', () => {
  const key = { 'idempotency-key': 'order-7' };

  test('names one task: a repeat has the same answer byte for byte', async ({
    api,
    tenant,
    db,
  }) => {
    const first = await api.call(tenant, RUN, '{"prompt":"Hello","top_k":1}', key);
    const repeats = await Promise.all(
      ['{"prompt":"Hello","top_k":1}', ' {"top_k": 1, "prompt": "Hello"} '].map((body) =>
        api.call(tenant, '/v1/run/microsoft/phi-3-5-mini-instruct', body, key),
      ),
    );
    for (const { status, text } of repeats) {
      expect({ status, text }).toEqual({ status: 200, text: first.text });
    }
    await expect(stored(db)).resolves.toMatchObject({ tasks: '1', events: '2', transfers: '1' });
  });

  test('makes one task of concurrent Runs in several processes', async ({ api, tenant, db }) => {
    const bodies = Array.from({ length: 20 }, () => ({ prompt: 'Hello' }));
    const answers = await Promise.all(bodies.map((body) => api.call(tenant, RUN, body, key)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    await expect(stored(db)).resolves.toMatchObject({ tasks: '1', transfers: '1' });
  });

  test('is refused for another request, with the reason', async ({ api, tenant, db }) => {
    await api.call(tenant, RUN, { prompt: 'Hello' }, key);
    const others = [
      [RUN, { prompt: 'Bye' }],
      [RUN, { prompt: 'Hello', top_k: '1' }],
      ['/v1/Run/microsoft/Phi-3-mini-4k-instruct', { prompt: 'Hello' }],
    ] as const;
    for (const [path, given] of others) {
      const { status, body } = await api.call(tenant, path, given, key);
      expect({ status, body }).toEqual({
        status: 409,
        body: {
          errors: [{ code: 95, message: expect.stringContaining('Idempotency-Key') }],
          result: false,
        },
      });
    }
    await expect(stored(db)).resolves.toMatchObject({ tasks: '1' });
  });

  test('belongs to one project', async ({ api, tenant, db }) => {
    const other = await api.createTenant();
    await api.call(tenant, RUN, { prompt: 'Hello' }, key);
    const { body } = await api.call(other, RUN, { prompt: 'Bye' }, key);
    expect(body).toMatchObject({ result: true });
    await expect(stored(db)).resolves.toMatchObject({ tasks: '2' });
  });

  test('repeats the answer even without balance or at the concurrency limit', async ({
    api,
    db,
  }) => {
    const small = await api.createTenant({ balance: '0.6' });
    const first = await api.call(small, RUN, { prompt: 'a' }, key);
    expect((await api.call(small, RUN, { prompt: 'b' })).body).toMatchObject({ result: false });
    expect((await api.call(small, RUN, { prompt: 'a' }, key)).text).toBe(first.text);
    await expect(stored(db)).resolves.toMatchObject({ tasks: '1' });
  });

  test('of a refused Run can be used again', async ({ api, db }) => {
    const poor = await api.createTenant({ balance: '0.1' });
    const refused = await api.call(poor, RUN, { prompt: 'a' }, key);
    expect(refused.body).toMatchObject({ errors: [{ code: 97 }] });
    await deposit(api.ctx, {
      organisationId: poor.organisationId,
      amount: parseUsd('10'),
      businessKey: 'test:later',
    });
    expect((await api.call(poor, RUN, { prompt: 'b' }, key)).body).toMatchObject({ result: true });
    await expect(stored(db)).resolves.toMatchObject({ tasks: '1' });
  });
});

test('an invalid header is refused by name; nothing is stored or charged', async ({
  api,
  tenant,
  db,
}) => {
  const bad = { 'x-runfleet-priority': '601', 'idempotency-key': 'two words' };
  for (const [header, value] of Object.entries(bad)) {
    const { status, body } = await api.call(tenant, RUN, { prompt: 'a' }, { [header]: value });
    expect(status).toBe(200);
    expect(body).toMatchObject({ errors: [{ code: 0 }], result: false });
    expect(JSON.stringify(body).toLowerCase()).toContain(`request header [${header}]`);
  }
  await expect(stored(db)).resolves.toEqual(NOTHING);
});

test('a committed Run waits in the queue', async ({ api, tenant }) => {
  const { body } = await api.call(tenant, RUN, { prompt: 'Hello' });
  const pool = 'phi-3-5-mini-instruct';
  const { queue } = api.ctx;
  await expect.poll(async () => (await queue.readLoad(pool)).queued).toBe(1);
  await queue.writeMark(pool, 'mark');
  expect(await queue.pick(pool, 'mark', 10)).toMatchObject([
    { organisationId: tenant.organisationId, taskId: body['taskid'] },
  ]);
});

test('case and punctuation of a path do not matter', async ({ api, tenant }) => {
  const paths = [
    '/v1/run/microsoft/phi-3-5-mini-instruct',
    '/v1/RUN/Microsoft/PHI-3.5-MINI-instruct',
    '/v1/Run/microsoft/Phi-3%2E5-mini-instruct',
  ];
  for (const path of paths) {
    const { body } = await api.call(tenant, path, { prompt: 'Hello' });
    expect(body).toMatchObject({ result: true });
  }
});

describe('a body is accepted as', () => {
  test('JSON, with any content type', async ({ api, tenant }) => {
    const types = [
      'application/json',
      'application/json; charset=utf-8',
      // The content type of curl's `-d` without a header.
      'application/x-www-form-urlencoded',
      '',
    ];
    for (const type of types) {
      const { body } = await api.call(tenant, RUN, { prompt: 'Hello' }, { 'content-type': type });
      expect(body).toMatchObject({ result: true });
    }
  });

  test('JSON after a byte order mark', async ({ api, tenant }) => {
    const { body } = await api.call(tenant, RUN, '\uFEFF{"prompt":"Hello"}');
    expect(body).toMatchObject({ result: true });
  });

  test('a form, whose fields are strings', async ({ api, tenant, db }) => {
    const form = new FormData();
    form.set('prompt', 'Grüße');
    form.set('temperature', '0');
    form.set('projectid', tenant.projectId);
    expect((await api.call(tenant, RUN, form)).body).toMatchObject({ result: true });
    const [row] = await db.sql`select parameters from tasks`;
    expect(row).toEqual({ parameters: { prompt: 'Grüße', temperature: '0' } });
  });

  test('a form whose file field was left empty', async ({ api, tenant }) => {
    const form = new FormData();
    form.set('prompt', 'Hello');
    form.set('inputImage', new File([], ''));
    expect((await api.call(tenant, RUN, form)).body).toMatchObject({ result: true });
  });
});

function aForm(fields: [string, string | File][]): FormData {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  return form;
}

const BAD_BODIES: [string, unknown, string][] = [
  ['no body', '', 'Request parameter [prompt] required'],
  ['no prompt', {}, 'Request parameter [prompt] required'],
  ['an empty prompt', { prompt: ' ' }, 'Request parameter [prompt] required'],
  ['a prompt that is a number', { prompt: 7 }, 'Request parameter [prompt] must be a string'],
  ['a prompt that is a list', { prompt: ['a'] }, 'Request parameter [prompt] must be a string'],
  [
    'a schema that no finite answer matches',
    {
      prompt: 'a',
      response_format: {
        type: 'json_schema',
        json_schema: {
          schema: {
            type: 'object',
            properties: { next: { $ref: '#' } },
            required: ['next'],
          },
        },
      },
    },
    'Request parameter [response_format.json_schema.schema.properties.next] allows no finite text',
  ],
  [
    'alternatives that cannot be told apart',
    {
      prompt: 'a',
      response_format: {
        type: 'json_schema',
        json_schema: {
          schema: {
            oneOf: [
              { type: 'string', format: 'date' },
              { type: 'string', maxLength: 9 },
            ],
          },
        },
      },
    },
    'Request parameter [response_format.json_schema.schema.oneOf] has alternatives 0 and 1',
  ],
  [
    'a tool whose arguments have no finite text',
    {
      prompt: 'a',
      tools: [
        { type: 'function', function: { name: 'a' } },
        {
          type: 'function',
          function: {
            name: 'b',
            parameters: {
              type: 'object',
              properties: { next: { $ref: '#' } },
              required: ['next'],
            },
          },
        },
      ],
    },
    'Request parameter [tools[1].function.parameters.properties.next] allows no finite text',
  ],
  [
    'a required call without tools',
    { prompt: 'a', tool_choice: 'required' },
    'Request parameter [tools] required with [tool_choice]',
  ],
  [
    'outputs of tools without the task that they continue',
    { toolOutputs: [{ call_id: 'call_1_1', output: '' }] },
    'Request parameter [previousTaskToken] required with [toolOutputs]',
  ],
  [
    'outputs of tools beside a prompt',
    {
      prompt: 'a',
      session_id: 's',
      previousTaskToken: 'A'.repeat(30),
      toolOutputs: [{ call_id: 'call_1_1', output: '' }],
    },
    'Request parameter [prompt] cannot be combined with [toolOutputs]',
  ],
  [
    'a number in words',
    { prompt: 'a', temperature: 'warm' },
    'Request parameter [temperature] must be integer or float',
  ],
  [
    'a number out of range',
    { prompt: 'a', top_p: 1.5 },
    'Request parameter [top_p] must be between 0 and 1',
  ],
  ['half a token', { prompt: 'a', top_k: 1.5 }, 'Request parameter [top_k] must be an integer'],
  [
    'a timeout beyond the limit',
    { prompt: 'a', timeout: 3601 },
    'Request parameter [timeout] must be between 1 and 3600',
  ],
  [
    'a session of too many bytes',
    { prompt: 'a', session_id: 'ü'.repeat(129) },
    'Request parameter [session_id] must be a string of at most 256 bytes in UTF-8',
  ],
  [
    'a turn to continue without a session',
    { prompt: 'a', previousTaskToken: 'A'.repeat(30) },
    'Request parameter [session_id] required with [previousTaskToken]',
  ],
  [
    'a turn to continue that is no token',
    { prompt: 'a', session_id: 's', previousTaskToken: 'x' },
    'Request parameter [previousTaskToken] must be the socketaccesstoken',
  ],
  [
    'a callback',
    { prompt: 'a', callbackUrl: 'http://169.254.169.254/' },
    'Request parameter [callbackUrl] is refused. The address is not on the public internet.',
  ],
  ['a NUL', { prompt: 'a\0' }, 'Request parameter [prompt] must be valid Unicode'],
  ['a lone surrogate', '{"prompt":"a\\ud800"}', 'Request parameter [prompt] must be valid'],
  [
    'a NUL deep inside',
    { messages: [{ role: 'user', content: 'a\0' }] },
    'Request parameter [messages.0.content] must be valid',
  ],
  ['broken JSON', '{"prompt":', 'Request body is not valid JSON'],
  ['a form in the address style', 'prompt=hello', 'Request body is not valid JSON'],
  ['a list', '[]', 'Request body must be a JSON object'],
  ['a text', '"hello"', 'Request body must be a JSON object'],
  ['null', 'null', 'Request body must be a JSON object'],
  ['Latin-1', new Uint8Array([0x7b, 0xe9, 0x7d]), 'Request body is not valid UTF-8'],
  [
    'endless nesting',
    `{"prompt":"a","x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
    'Request body is nested deeper',
  ],
  [
    'a name that no client sends',
    { prompt: 'a', extra: 1 },
    'Request parameter [extra] is unknown',
  ],
  ['an unknown project', { prompt: 'a', projectid: '999999' }, 'Request parameter [projectid]'],
  ['a project that is no id', { prompt: 'a', projectid: "1'" }, 'Request parameter [projectid]'],
  [
    'a file',
    aForm([
      ['prompt', 'a'],
      ['inputImage', new File(['x'], 'x.png')],
    ]),
    'Request parameter [inputImage] is a file, and takes none. Send files in [inputFile].',
  ],
  [
    'a binary file',
    aForm([['inputImage', new File([new Uint8Array([0xff, 0xfe])], 'x.png')]]),
    'Request parameter [inputImage] is a file, and takes none. Send files in [inputFile].',
  ],
  [
    'a field given twice',
    aForm([
      ['prompt', 'a'],
      ['prompt', 'b'],
    ]),
    'Request parameter [prompt] must be a string',
  ],
  ['too many fields', aForm(Array.from({ length: 201 }, () => ['a', 'b'])), 'more than 200 parts'],
];

test('a Run above a limit is refused by name, with when to retry, and nothing is stored', async ({
  api,
  tenant,
  db,
}) => {
  const { organisationId, projectId } = tenant;
  const value = parseUsd('0.01');
  const key = { level: 'key', subject: projectId, kind: 'spend', period: 'day', value } as const;
  const { id } = await setLimit({ db }, organisationId, key);
  const spend = await api.call(tenant, RUN, { prompt: 'Hello' });
  expect(spend.status).toBe(402);
  expect(spend.body).toEqual({
    errors: [{ code: 93, message: expect.stringContaining('the key of project') }],
    limit: {
      kind: 'spend',
      level: 'key',
      subject: projectId,
      period: 'day',
      value: '0.010000000000',
      used: '0.000000000000',
      resetsat: expect.stringMatching(/^\d{10}$/),
    },
    result: false,
  });
  const seconds = Number(spend.headers.get('retry-after'));
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(86_400);
  expect(spend.headers.get('ratelimit-policy')).toBe(
    '"spend-key-day";q=10000;qu="usd-micros";w=86400',
  );
  expect(spend.headers.get('ratelimit')).toBe(`"spend-key-day";r=10000;t=${seconds}`);
  await expect(stored(db)).resolves.toEqual(NOTHING);

  await removeLimit({ db }, { organisationId, id });
  const each = { level: 'user', subject: '', kind: 'active', period: 'now', value: 0n } as const;
  await setLimit({ db }, organisationId, each);
  const active = await api.call(tenant, RUN, { prompt: 'Hello', user_id: 'ann' });
  expect(active).toMatchObject({ status: 429, body: { limit: { level: 'user', subject: 'ann' } } });
  expect(active.headers.get('ratelimit')).toBe('"active-user-now";r=0;t=1');
  await expect(stored(db)).resolves.toEqual(NOTHING);
});

test("the body of the vendor's chat node is accepted and stored as it was sent", async ({
  api,
  tenant,
}) => {
  const parameters = {
    selectedModel: '',
    prompt: 'Hello',
    user_id: '',
    session_id: '',
    temperature: 0,
    top_p: 0,
    repetition_penalty: 0,
    length_penalty: 0,
    max_tokens: 0,
    min_new_tokens: -1,
    stop_sequences: '',
    seed: '',
    quantization: false,
    do_sample: false,
  };
  const { body } = await api.call(tenant, RUN, parameters);
  expect(body).toMatchObject({ errors: [], result: true });
  const detail = await api.call(tenant, '/v1/Task/Detail', { taskid: body['taskid'] });
  expect(detail.body).toMatchObject({ tasklist: [{ parameters }] });
});

test('an invalid body is refused by name; nothing is stored or charged', async ({
  api,
  tenant,
  db,
}) => {
  for (const [name, given, message] of BAD_BODIES) {
    const { status, body } = await api.call(tenant, RUN, given);
    expect({ name, status, body }).toEqual({
      name,
      status: 200,
      body: { errors: [{ code: 0, message: expect.stringContaining(message) }], result: false },
    });
  }
  const forms = [
    ['multipart/form-data', ''],
    ['multipart/form-data; boundary=x', '--x\r\nContent-Disp'],
  ] as const;
  for (const [type, text] of forms) {
    const { body } = await api.call(tenant, RUN, text, { 'content-type': type });
    const message = 'Request body is not a valid multipart form.';
    expect(body).toEqual({ errors: [{ code: 0, message }], result: false });
  }
  await expect(stored(db)).resolves.toEqual(NOTHING);
});

describe('a body over the limit is refused', () => {
  test.for<[string, RequestInit]>([
    ['with a content-length', { body: `{"prompt":"${'x'.repeat(2_000_000)}"}` }],
    ['in chunks', { body: endless(), duplex: 'half' } as RequestInit],
    ['as a form', { body: aForm([['prompt', 'x'.repeat(2_000_000)]]) }],
  ])('%s', async ([, init], { api, tenant, db }) => {
    const headers = { authorization: `Bearer ${tenant.apiKey}:${tenant.apiSecret}` };
    const { status, body } = await api.request(RUN, { method: 'POST', headers, ...init });
    expect(status).toBe(413);
    expect(body).toMatchObject({ errors: [{ code: 0 }], result: false });
    await expect(stored(db)).resolves.toEqual(NOTHING);
  });

  test('but not one of exactly the limit', async ({ api, tenant }) => {
    const padding = 'x'.repeat(1_000_000 - '{"prompt":""}'.length);
    const { body } = await api.call(tenant, RUN, `{"prompt":"${padding}"}`);
    expect(body).toMatchObject({ result: true });
  });
});

describe('checks have an order', () => {
  test('the caller before the model: an unknown caller learns nothing about models', async ({
    api,
  }) => {
    const { status, body } = await api.request('/v1/Run/no/model', { method: 'POST', body: '{' });
    expect(status).toBe(401);
    expect(body).toEqual({
      errors: [{ code: 0, message: 'Project authorization is not founded.' }],
      result: false,
    });
  });

  test('the model before the body', async ({ api, tenant }) => {
    const { status, body } = await api.call(tenant, '/v1/Run/microsoft/phi-9', '{');
    expect(status).toBe(200);
    expect(body).toEqual({
      errors: [{ code: 1, message: 'slug-owner-project-not-exist' }],
      result: false,
    });
  });

  test('the parameters before the balance', async ({ api }) => {
    const poor = await api.createTenant({ balance: '0.1' });
    expect((await api.call(poor, RUN, {})).body).toMatchObject({ errors: [{ code: 0 }] });
    expect((await api.call(poor, RUN, { prompt: 'a' })).body).toMatchObject({
      errors: [{ code: 97 }],
    });
  });
});

test('a Run at the concurrency limit is refused with 96, and nothing is held', async ({
  api,
  db,
}) => {
  const small = await api.createTenant({ balance: '5' });
  await api.call(small, RUN, { prompt: 'a' });
  const { status, body } = await api.call(small, RUN, { prompt: 'b' });
  expect(status).toBe(200);
  expect(body).toMatchObject({ errors: [{ code: 96 }], result: false });
  await expect(stored(db)).resolves.toMatchObject({ tasks: '1', held: '0.175500000000' });
});

test('a Run may name another project of its organisation, but none of another organisation', async ({
  api,
  tenant,
  db,
}) => {
  const { organisationId, ownerId } = tenant;
  const second = await createProject(api.ctx, {
    organisationId,
    ownerId,
    name: 'Second',
    authType: 'apikey',
  });
  const other = await api.createTenant();
  const run = (projectid: string) => api.call(tenant, RUN, { prompt: 'a', projectid });
  expect((await run(second.projectId)).body).toMatchObject({ result: true });
  expect((await run(other.projectId)).body).toMatchObject({ result: false });
  const rows = await db.sql`select project_id from tasks`;
  expect([...rows]).toEqual([{ project_id: second.projectId }]);
});

/** A body that never ends. */
function endless(): ReadableStream<Uint8Array> {
  const chunk = new TextEncoder().encode('x'.repeat(65_536));
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
}
