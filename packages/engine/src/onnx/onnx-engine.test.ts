import type { OutputGrammar } from '@runfleet/grammar';
import { afterAll, expect, test } from 'vitest';

import { TINY_MODEL } from '../builder/model-size.ts';
import { buildTokenizer } from '../builder/phi3/build-tokenizer.ts';
import type { Engine, GenerateRequest, OutputChunk } from '../engine.ts';
import { openEngine } from '../open-engine.ts';
import { aRequest, TWENTY_PROMPTS } from '../testing/a-request.ts';
import { ReferencePhi } from '../testing/reference-phi.ts';
import { tinyFolder } from '../testing/tiny-folder.ts';
import { Detokenizer } from '../text/detokenizer.ts';

const never = new AbortController().signal;
const { tokenizer } = buildTokenizer(TINY_MODEL.vocabularySize);
const dir = await tinyFolder();
const engine = await openEngine({
  kind: 'onnx',
  modelDir: dir,
  provider: 'cpu',
  slots: 2,
  threads: 1,
});
afterAll(async () => await engine[Symbol.asyncDispose]());

async function answer(prompt: string, changes: Partial<GenerateRequest> = {}, on: Engine = engine) {
  const chunks: OutputChunk[] = [];
  const prepared = await on.prepare(aRequest(prompt, changes));
  const result = await on.generate(prepared, (chunk) => chunks.push(chunk), never);
  return { text: chunks.map(({ text }) => text).join(''), chunks, result };
}

test('20 greedy answers agree token for token with the float64 reference', async () => {
  const reference = new ReferencePhi(TINY_MODEL);
  const tokens = 16;
  for (const prompt of TWENTY_PROMPTS) {
    const { promptIds } = await engine.prepare(aRequest(prompt));
    const detokenizer = new Detokenizer(tokenizer);
    const expected = reference.generate(promptIds, tokens).map((id) => detokenizer.next(id));
    const { text, result } = await answer(prompt, { maxTokens: tokens, minTokens: tokens });
    expect({ prompt, text }).toEqual({ prompt, text: expected.join('') + detokenizer.end() });
    expect(result).toMatchObject({
      finishReason: 'length',
      promptTokens: promptIds.length,
      completionTokens: tokens,
    });
  }
});

test('an answer does not depend on the requests beside it', async () => {
  const alone: string[] = [];
  for (const prompt of TWENTY_PROMPTS) alone.push((await answer(prompt, { greedy: false })).text);
  const together = await Promise.all(
    TWENTY_PROMPTS.slice(0, 10).map((prompt) => answer(prompt, { greedy: false })),
  );
  expect(together.map(({ text }) => text)).toEqual(alone.slice(0, 10));
});

test.each(['capi', 'stock'] as const)(
  'prompt lookup changes no answer, whatever the settings: %s',
  async (runtime) => {
    await using ahead = await openEngine({
      kind: 'onnx',
      modelDir: dir,
      provider: 'cpu',
      runtime,
      slots: 1,
      threads: 1,
      promptLookupTokens: 8,
    });
    const prompt = 'the sea and the sea and the sea and the sea and ';
    const asked: Partial<GenerateRequest>[] = [
      { minTokens: 60, maxTokens: 60 },
      { greedy: false, temperature: 0.3, frequencyPenalty: 0.1, maxTokens: 60 },
      { topLogprobs: 2, maxTokens: 30, minTokens: 30 },
      { stopSequences: ['a'], maxTokens: 60 },
      { grammar: { kind: 'regex', pattern: '(the sea and )+' }, maxTokens: 24 },
    ];
    let accepted = 0;
    for (const changes of asked) {
      const [expected, actual] = [
        await answer(prompt, changes),
        await answer(prompt, changes, ahead),
      ];
      expect([changes, actual.text]).toEqual([changes, expected.text]);
      const oddsOf = ({ chunks }: typeof actual) =>
        chunks.flatMap(({ logprobs = [] }) => logprobs.map(({ id }) => id));
      expect(oddsOf(actual)).toEqual(oddsOf(expected));
      expect(actual.result.completionTokens).toBe(expected.result.completionTokens);
      accepted += actual.result.drafts?.accepted ?? 0;
    }
    expect(accepted).toBeGreaterThan(5);
  },
);

test('the same seed gives the same answer, another seed a different one', async () => {
  const textOf = async (seed: bigint) =>
    (await answer('Tell me a story.', { greedy: false, temperature: 1, seed, maxTokens: 60 })).text;
  expect(await textOf(7n)).toBe(await textOf(7n));
  expect(await textOf(7n)).not.toBe(await textOf(8n));
});

test('the chunks add up to the answer, and no character is split', async () => {
  const { chunks, result } = await answer('Hello', {
    greedy: false,
    temperature: 3,
    topP: 1,
    maxTokens: 400,
  });
  let last = 0;
  for (const { text, tokens } of chunks) {
    expect(Buffer.from(text).toString()).toBe(text);
    expect(tokens).toBeGreaterThanOrEqual(last);
    last = tokens;
  }
  expect(last).toBeLessThanOrEqual(result.completionTokens);
});

test('a stop string ends the answer before it, wherever the tokens are split', async () => {
  const whole = await answer('What is a task?', { maxTokens: 40 });
  for (const [start, length] of [
    [3, 5],
    [10, 12],
    [20, 3],
  ] as const) {
    const sequence = whole.text.slice(start, start + length);
    const { text, result } = await answer('What is a task?', {
      maxTokens: 40,
      stopSequences: [sequence],
    });
    expect(text).toBe(whole.text.slice(0, whole.text.indexOf(sequence)));
    expect(result.finishReason).toBe('stop');
  }
});

test('a stop id ends the answer, but not before minTokens', async () => {
  const ending = await tinyFolder({ endWeight: 1.3 });
  await using short = await openEngine({
    kind: 'onnx',
    modelDir: ending,
    provider: 'cpu',
    slots: 1,
    threads: 1,
  });
  const free = await answer('Hello!', { maxTokens: 500 }, short);
  expect(free.result.finishReason).toBe('stop');
  expect(free.result.completionTokens).toBeGreaterThan(0);
  expect(free.result.completionTokens).toBeLessThan(500);

  const minTokens = free.result.completionTokens + 20;
  const longer = await answer('Hello!', { maxTokens: 500, minTokens }, short);
  expect(longer.result.completionTokens).toBeGreaterThanOrEqual(minTokens);
  expect(longer.text.startsWith(free.text)).toBe(true);
});

test('a stop token id of the request ends the answer as the model’s own does', async () => {
  const whole = await answer('What is a task?', { maxTokens: 12, topLogprobs: 0 });
  const ids = logprobsOf(whole.chunks).map(({ id }) => id);
  const stop = ids[6] ?? 0;
  const { chunks, result } = await answer('What is a task?', {
    maxTokens: 12,
    stopTokenIds: [1_000_000, stop],
    topLogprobs: 0,
  });
  expect(logprobsOf(chunks).map(({ id }) => id)).toEqual(ids.slice(0, ids.indexOf(stop)));
  expect(result).toMatchObject({ finishReason: 'stop', completionTokens: ids.indexOf(stop) });
});

test('each token comes with its log probability and the likeliest others if they are requested', async () => {
  const { chunks, result, text } = await answer('What is a task?', { topLogprobs: 3 });
  const described = logprobsOf(chunks);
  expect(described).toHaveLength(result.completionTokens);
  expect(
    described
      .map(({ token }) => token)
      .join('')
      .trimStart(),
  ).toBe(text);
  for (const { id, logprob, top } of described) {
    // Greedy chooses the likeliest.
    expect(top[0]).toMatchObject({ id, logprob });
    expect(top.map((other) => other.logprob)).toEqual(
      top.map((other) => other.logprob).toSorted((left, right) => right - left),
    );
    expect(top.reduce((sum, other) => sum + Math.exp(other.logprob), 0)).toBeLessThan(1 + 1e-5);
  }
  expect(logprobsOf((await answer('What is a task?')).chunks)).toEqual([]);
});

test.each<[string, OutputGrammar, (text: string) => boolean]>([
  [
    'a pattern',
    { kind: 'regex', pattern: '[A-Z][a-z]{2,6}, (yes|no)!' },
    (text) => /^[A-Z][a-z]{2,6}, (yes|no)!$/u.test(text),
  ],
  [
    'a schema',
    {
      kind: 'json_schema',
      schema: JSON.stringify({
        type: 'object',
        properties: {
          n: { type: 'integer', minimum: 5, maximum: 90 },
          s: { type: 'string', maxLength: 9 },
        },
        required: ['n', 's'],
      }),
    },
    (text) => {
      const { n, s, ...rest } = JSON.parse(text) as { n: number; s: string };
      return (
        Number.isInteger(n) &&
        n >= 5 &&
        n <= 90 &&
        Array.from(s).length <= 9 &&
        Object.keys(rest).length === 0
      );
    },
  ],
])(
  'an answer under %s matches it, greedy or sampled, alone or beside others',
  async (_, grammar, isMatch) => {
    const answers = await Promise.all([
      answer('Say yes.', { grammar, maxTokens: 200 }),
      answer('Free', { maxTokens: 60 }),
      ...[1n, 2n, 3n].map((seed) =>
        answer('Say yes.', {
          grammar,
          maxTokens: 200,
          greedy: false,
          temperature: 2,
          topP: 1,
          seed,
          minTokens: 150,
        }),
      ),
    ]);
    const free = answers.splice(1, 1)[0];
    for (const { text, result } of answers) {
      expect([text, isMatch(text), result.finishReason]).toEqual([text, true, 'stop']);
    }
    expect(free?.text).toBe((await answer('Free', { maxTokens: 60 })).text);
  },
);

test('a grammar that cannot be enforced fails as the caller’s mistake, without output', async () => {
  const grammar: OutputGrammar = { kind: 'regex', pattern: 'a(?=b)' };
  await expect(answer('Hi', { grammar })).rejects.toMatchObject({
    kind: 'input',
    message: expect.stringContaining('regex may not use (?='),
  });
});

test('an abort rejects with its reason and frees the slot, also for a waiting request', async () => {
  const prepared = await engine.prepare(
    aRequest('Go on forever.', { maxTokens: 4000, minTokens: 4000 }),
  );
  const aborts = [1, 2, 3].map(() => new AbortController());
  const started: Promise<unknown>[] = [];
  const runs = aborts.map((abort, index) => {
    const { promise, resolve } = deferred();
    if (index < 2) started.push(promise);
    return engine.generate(prepared, resolve, abort.signal);
  });
  await Promise.all(started);
  for (const [index, abort] of aborts.entries()) abort.abort(new Error(`killed ${index}`));
  const settled = await Promise.allSettled(runs);
  expect(settled.map((run) => (run.status === 'rejected' ? String(run.reason) : 'done'))).toEqual([
    'Error: killed 0',
    'Error: killed 1',
    'Error: killed 2',
  ]);
  await Promise.all([answer('Both'), answer('slots are free')]);
});

test('nothing is shown after an abort', async () => {
  const prepared = await engine.prepare(aRequest('Go on.', { maxTokens: 2000, minTokens: 2000 }));
  const abort = new AbortController();
  const run = engine.generate(
    prepared,
    () => {
      expect(abort.signal.aborted).toBe(false);
      abort.abort('enough');
    },
    abort.signal,
  );
  await expect(run).rejects.toBe('enough');
});

test('a callback that throws ends its run and frees the slot', async () => {
  const prepared = await engine.prepare(aRequest('Go on.', { maxTokens: 2000, minTokens: 2000 }));
  const fail = () => {
    throw new Error('full');
  };
  await expect(engine.generate(prepared, fail, never)).rejects.toThrow('full');
  await Promise.all([answer('Both'), answer('slots are free')]);
});

test('a long prompt is read in chunks, and the answer ends at the end of the context', async () => {
  const prompt = 'the task waits in a fair queue and '.repeat(500);
  const prepared = await engine.prepare(aRequest(prompt, { maxTokens: 4000 }));
  const room = 4096 - prepared.promptIds.length;
  expect(prepared.promptIds.length).toBeGreaterThan(3000);
  const result = await engine.generate(prepared, () => {}, never);
  expect(result).toMatchObject({ finishReason: 'length', completionTokens: room });
});

test.each([
  [
    'more tokens than the context',
    'the task '.repeat(3000),
    {},
    /prompt is \d+ tokens long, whose cache takes \d+ MiB; .* at most 4095 fit the context of 4096, which takes 8 MiB/u,
  ],
  ['more characters than any context', 'x'.repeat(200_000), {}, /messages hold 200000 characters/u],
  ['no room for minTokens', 'Hello', { minTokens: 4090, maxTokens: 4090 }, /with min_tokens 4090/u],
])('a prompt of %s is refused without a model run', async (_, prompt, changes, message) => {
  await expect(engine.prepare(aRequest(prompt, changes))).rejects.toMatchObject({
    kind: 'input',
    message: expect.stringMatching(message),
  });
});

test('a closed engine rejects running requests and new ones', async () => {
  const other = await openEngine({
    kind: 'onnx',
    modelDir: dir,
    provider: 'cpu',
    slots: 1,
    threads: 1,
  });
  const prepared = await other.prepare(aRequest('Go on.', { maxTokens: 4000, minTokens: 4000 }));
  const { promise, resolve } = deferred();
  const run = other.generate(prepared, resolve, never);
  await promise;
  const [settled] = await Promise.allSettled([run, other[Symbol.asyncDispose]()]);
  expect(settled).toMatchObject({ reason: { kind: 'infra', message: 'The engine is closed.' } });
  await expect(other.generate(prepared, () => {}, never)).rejects.toMatchObject({ kind: 'infra' });
});

function logprobsOf(chunks: readonly OutputChunk[]) {
  return chunks.flatMap(({ logprobs }) => logprobs ?? []);
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
