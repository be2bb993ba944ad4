import { describe, expect, test } from 'vitest';

import { createLogger } from './logger.ts';

const SECRET = 'hunter2';

function capture(options: { pretty?: boolean } = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ role: 'api', level: 'info', destination, ...options });
  return { logger, lines, text: () => lines.join('') };
}

test('a line is one JSON object with the role, the level by name and an ISO time', () => {
  const { logger, lines } = capture();
  logger.info({ taskId: '7', elapsedMs: 5, cost: 12n }, 'task finished');

  expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      role: 'api',
      pid: process.pid,
      taskId: '7',
      elapsedMs: 5,
      cost: '12',
      msg: 'task finished',
    },
  ]);
});

describe('a secret is not logged', () => {
  test.each<[string, Record<string, unknown>]>([
    ['a prompt', { prompt: SECRET }],
    ['a nested system prompt', { request: { parameters: { system_prompt: SECRET } } }],
    ['messages of a chat', { task: { messages: [{ role: 'user', content: SECRET }] } }],
    ['an answer in a list', { frames: [{ answer: [SECRET] }] }],
    ['token ids', { tokens: [Buffer.from(SECRET).toString()] }],
    ['a task token', { socketaccesstoken: SECRET, taskToken: SECRET, task_token: SECRET }],
    ['a header', { 'x-api-key': SECRET, 'X-Signature': SECRET, Authorization: SECRET }],
    ['a key', { project: { apiKey: SECRET, apiSecret: SECRET } }],
    ['a password in a URL', { target: `postgres://runfleet:${SECRET}@db/runfleet` }],
    ['bytes', { attachment: Buffer.from(SECRET) }],
    ['a database detail', { err: Object.assign(new Error('x'), { detail: `(${SECRET})` }) }],
    [
      'the values of a failed statement',
      { err: new Error(`Failed query: insert\nparams: ${SECRET}\n    at ${SECRET}\n${SECRET}`) },
    ],
    [
      'the values in a cause',
      { err: new Error('x', { cause: new Error(`Failed query: x\nparams: ${SECRET}`) }) },
    ],
  ])('%s', (_name, fields) => {
    const { logger, text } = capture();
    logger.info(fields, 'seen');

    expect(text()).toContain('"msg":"seen"');
    expect(text()).not.toContain(SECRET);
  });

  test('in the bindings of a child logger', () => {
    const { logger, text } = capture();
    logger.child({ token: SECRET, apiSecret: SECRET, taskId: '7' }).info('seen');

    expect(text()).toContain('"taskId":"7"');
    expect(text()).not.toContain(SECRET);
  });

  test('in the message of an error without fields', () => {
    const { logger, text } = capture();
    logger.error(new Error(`Failed query: insert\nparams: ${SECRET}`));

    expect(text()).toContain('"msg":"Failed query: insert"');
    expect(text()).not.toContain(SECRET);
  });
});

test('counts under the names of secrets are logged', () => {
  const { logger, text } = capture();
  logger.info({ tokens: 12, output: 3, nested: { outputs: 4, hasPassword: true } }, 'counted');

  expect(text()).toContain('"tokens":12,"output":3,"nested":{"outputs":4,"hasPassword":true}');
});

test('an error keeps its type, its code and its chain of causes', () => {
  const { logger, text } = capture();
  const cause = Object.assign(new TypeError('inner'), { code: 'ECONNREFUSED' });
  logger.error({ err: new Error('outer', { cause }) }, 'failed');

  expect(JSON.parse(text())).toMatchObject({
    err: {
      type: 'Error',
      message: 'outer',
      stack: expect.stringContaining('logger.test.ts'),
      cause: { type: 'TypeError', message: 'inner', code: 'ECONNREFUSED' },
    },
  });
});

test('a circular value is cut at a bound', () => {
  const { logger, text } = capture();
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  logger.info({ loop }, 'seen');

  expect(text()).toContain('[deeper]');
});

test('pretty lines are for people: time, level, role, message, fields, then the stack', () => {
  const { logger, lines } = capture({ pretty: true });
  logger.warn({ taskId: '7', err: new Error('boom') }, 'task failed');

  expect(lines.join('')).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} WARN  api {5}task failed taskId=7\n {4}Error: boom\n {8}at /,
  );
});
