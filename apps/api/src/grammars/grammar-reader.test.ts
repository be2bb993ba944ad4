import { type OutputGrammar, writeExactJson } from '@runfleet/grammar';
import { expect, onTestFinished, test } from 'vitest';

import { GrammarReader, type Reader } from './grammar-reader.ts';

const regex = (pattern: string): OutputGrammar => ({ kind: 'regex', pattern });
const schema = (of: string): OutputGrammar => ({ kind: 'json_schema', schema: of });

function openReader(options?: ConstructorParameters<typeof GrammarReader>[0]): GrammarReader {
  const reader = new GrammarReader(options);
  onTestFinished(() => reader[Symbol.asyncDispose]());
  return reader;
}

function by(tenant: string, changes: Partial<Reader> = {}): Reader {
  return { tenant, requireCredit: () => {}, spend: () => {}, ...changes };
}

test('a grammar that cannot be enforced is refused with the name of its parameter', async () => {
  const reader = openReader();
  for (const [grammar, message] of [
    [regex('(a$|b)c'), '[regex] may use $ only at the end of the pattern'],
    [regex('(a{0,100}){0,100}'), '[regex] takes more than 150,000 steps to read'],
    [regex('('), '[regex] is not a regular expression'],
    [regex('\\bword'), '[regex] may not use \\b'],
    [regex('a(?<!b)'), '[regex] may not use (?<!'],
    [
      schema('{"type":"array","items":false,"minItems":1}'),
      '[response_format.json_schema.schema] allows no finite text',
    ],
    [
      schema(writeExactJson({ const: 2 ** 53 })),
      '[response_format.json_schema.schema.const] must be between -9007199254740991',
    ],
    [schema('{"anyOf":[{"$ref":"#"}]}'), '[response_format.json_schema.schema] refers to itself'],
  ] as const) {
    await expect(reader.require(grammar, by('a'))).rejects.toMatchObject({
      kind: 'invalid_request',
      message: expect.stringContaining(`Request parameter ${message}`),
    });
  }
  await reader.require(schema('{"type":"integer"}'), by('a'));
});

test('a grammar that a tenant sends again costs no steps, and another tenant pays for its own', async () => {
  const reader = openReader();
  const spent: string[] = [];
  const paying = (tenant: string) =>
    by(tenant, { spend: (steps) => spent.push(`${tenant} ${steps}`) });
  const grammar = regex('[a-z]{1,9}');
  await Promise.all([reader.require(grammar, paying('a')), reader.require(grammar, paying('a'))]);
  await reader.require(grammar, paying('a'));
  await reader.require(grammar, paying('b'));
  const steps = spent[0]?.split(' ')[1];
  expect(spent).toEqual([`a ${steps}`, `b ${steps}`]);

  const refused = regex('a(?=b)');
  for (let time = 0; time < 2; time += 1) {
    await expect(reader.require(refused, paying('a'))).rejects.toThrow('[regex] may not use (?=');
  }
  expect(spent).toHaveLength(3);
});

// A thread that reads each grammar on demand: its pattern is what happens.
const thread = `
  import { parentPort } from 'node:worker_threads';
  parentPort.on('message', ({ pattern }) => {
    if (pattern === 'hang') for (;;);
    if (pattern === 'exit') process.exit();
    if (pattern === 'memory') for (const all = []; ; ) all.push(Array.from({ length: 1e5 }, () => ({})));
    parentPort.postMessage({ steps: 1, refusal: null });
  });
  parentPort.postMessage('ready');
`;
const entry = new URL(`data:text/javascript,${encodeURIComponent(thread)}`);

test('tenants take turns, and one whose credit is used up loses its turns', async () => {
  const reader = openReader({ entry });
  const turns: string[] = [];
  let credit = 2;
  const flooding = by('flooding', {
    requireCredit() {
      if (credit === 0) throw new Error('no credit');
    },
    spend() {
      credit -= 1;
      turns.push('flooding');
    },
  });
  const flood = Array.from({ length: 50 }, (_, n) => reader.require(regex(`${n}`), flooding));
  const others = ['a', 'b'].map((tenant) =>
    reader.require(regex('x'), by(tenant, { spend: () => turns.push(tenant) })),
  );
  const read = await Promise.allSettled(flood);
  await Promise.all(others);
  expect(turns).toEqual(['flooding', 'flooding', 'a', 'b']);
  expect(read.filter(({ status }) => status === 'rejected')).toHaveLength(48);
});

test('beyond a hundred grammars of one tenant, and a thousand in all, none waits', async () => {
  const reader = openReader({ entry });
  const refusals: unknown[] = [];
  const send = (tenant: string, count: number) =>
    Array.from({ length: count }, (_, n) =>
      reader.require(regex(`${n}`), by(tenant)).catch((error: unknown) => {
        refusals.push(Object(error).kind);
      }),
    );
  // The first one is being read, and does not wait.
  const own = send('a', 102);
  const all = Array.from({ length: 10 }, (_, n) => send(`b${n}`, 91)).flat();
  await Promise.all([...own, ...all]);
  expect(refusals.filter((kind) => kind === 'rate_limited')).toHaveLength(1);
  expect(refusals.filter((kind) => kind === 'unavailable')).toHaveLength(10);
});

test.each([
  ['hangs', 'hang', 1_500, { kind: 'unavailable' }],
  ['ends', 'exit', 10_000, { kind: 'unavailable' }],
  [
    'runs out of memory',
    'memory',
    10_000,
    {
      kind: 'invalid_request',
      message: 'Request parameter [regex] takes too much memory to read. Make it smaller',
    },
  ],
])(
  'a thread that %s fails that grammar, and the others are read',
  async (_, pattern, readMsMax, failure) => {
    const failures: unknown[] = [];
    const spent: number[] = [];
    const onFailure = (cause: unknown) => failures.push(cause);
    const reader = openReader({ entry, readMsMax, onFailure });
    await reader.require(regex('first'), by('a'));
    const paying = by('a', { spend: (steps) => spent.push(steps) });
    const failed = reader.require(regex(pattern), paying);
    const behind = reader.require(regex('behind'), by('b'));
    await expect(failed).rejects.toMatchObject(failure);
    await behind;
    await reader.require(regex('after'), by('a'));
    expect(failures).toEqual([expect.any(Error)]);
    expect(spent).toEqual([150_000]);
  },
);

test('a grammar that waits when the role stops is answered', async () => {
  const reader = openReader({ entry });
  const waiting = [reader.require(regex('a'), by('a')), reader.require(regex('b'), by('a'))];
  const ended = Promise.allSettled(waiting);
  await reader[Symbol.asyncDispose]();
  expect((await ended).map((end) => end.status)).toEqual(['rejected', 'rejected']);
  await expect(reader.require(regex('c'), by('a'))).rejects.toMatchObject({ kind: 'unavailable' });
});
