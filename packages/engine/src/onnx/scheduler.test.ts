import { describe, expect, test } from 'vitest';

import type { BuildOptions } from '../builder/build-model-folder.ts';
import { TINY_MODEL } from '../builder/model-size.ts';
import { EngineError } from '../engine-error.ts';
import type { GenerateRequest } from '../engine.ts';
import { type ModelFolder, readModelFolder } from '../folder/model-folder.ts';
import { GrammarService } from '../grammar/grammar-service.ts';
import { TokenMasks } from '../grammar/token-masks.ts';
import { readVocabulary } from '../grammar/vocabulary.ts';
import { openOrtCapi } from '../runtime/ort-capi/ort-capi.ts';
import type { DecodeRow, Runtime } from '../runtime/runtime.ts';
import { SeededRandom } from '../sampling/seeded-random.ts';
import { aRequest } from '../testing/a-request.ts';
import { ReferencePhi } from '../testing/reference-phi.ts';
import { tinyFolder } from '../testing/tiny-folder.ts';
import { Detokenizer } from '../text/detokenizer.ts';
import { Generation } from './generation.ts';
import { Scheduler } from './scheduler.ts';

const never = new AbortController().signal;
// The table is so short that the reference can follow sequences past it.
const SHORT = { originalMaxPositions: 64, maxPositions: 512 };

type Call =
  | { kind: 'decode'; rows: number }
  | { kind: 'chunk'; slot: number; tokens: number }
  | { kind: 'verify'; tokens: number };

/** A runtime that records its calls, and fails decoding as `fault` decides. */
class NotedRuntime implements Runtime {
  readonly calls: Call[] = [];
  terminated = 0;
  fault: (rows: readonly DecodeRow[]) => Error | undefined = () => undefined;
  /** Called when a run has started. */
  onRun: (call: Call) => void = () => {};
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  get provider() {
    return this.#runtime.provider;
  }
  get device() {
    return this.#runtime.device;
  }
  get note() {
    return this.#runtime.note;
  }
  get slotClasses() {
    return this.#runtime.slotClasses;
  }
  get cacheBytesPerToken() {
    return this.#runtime.cacheBytesPerToken;
  }
  get vocabularySize() {
    return this.#runtime.vocabularySize;
  }
  get canCopy() {
    return this.#runtime.canCopy;
  }
  chunkTokensMax(start: number) {
    return this.#runtime.chunkTokensMax(start);
  }
  chunkDistance(start: number) {
    return this.#runtime.chunkDistance(start);
  }
  async prefillChunk(slot: number, ids: readonly number[], start: number) {
    const run = this.#runtime.prefillChunk(slot, ids, start);
    this.#note({ kind: 'chunk', slot, tokens: ids.length });
    return await run;
  }
  async verify(slot: number, ids: readonly number[], start: number) {
    const run = this.#runtime.verify(slot, ids, start);
    this.#note({ kind: 'verify', tokens: ids.length });
    return await run;
  }
  async decode(rows: readonly DecodeRow[]) {
    const fault = this.fault(rows);
    if (fault) throw fault;
    const run = this.#runtime.decode(rows);
    this.#note({ kind: 'decode', rows: rows.length });
    return await run;
  }
  rewind(slot: number, length: number) {
    this.#runtime.rewind(slot, length);
  }
  copy(from: number, to: number, length: number) {
    this.#runtime.copy(from, to, length);
  }
  terminate() {
    this.terminated += 1;
    this.#runtime.terminate();
  }
  async [Symbol.asyncDispose]() {
    await this.#runtime[Symbol.asyncDispose]();
  }
  #note(call: Call) {
    this.calls.push(call);
    this.onRun(call);
  }
}

type Opened = {
  folder: ModelFolder;
  grammars: GrammarService;
  runtime: NotedRuntime;
  scheduler: Scheduler;
} & AsyncDisposable;

async function open(options: BuildOptions, slots: number): Promise<Opened> {
  const folder = await readModelFolder(await tinyFolder(options));
  const runtime = new NotedRuntime(
    await openOrtCapi(folder, { provider: 'cpu', threads: 1, slots, contextLength: 8192 }),
  );
  const scheduler = new Scheduler(runtime, { onTurnEnd: () => {} });
  const grammars = new GrammarService(readVocabulary(folder));
  return {
    folder,
    grammars,
    runtime,
    scheduler,
    [Symbol.asyncDispose]: async () => {
      await grammars[Symbol.asyncDispose]();
      await runtime[Symbol.asyncDispose]();
    },
  };
}

type Asked = { promptIds: readonly number[]; changes: Partial<GenerateRequest> };

/** `text` grows with the answer, so it can be read after a rejection. */
function start(
  {
    folder,
    grammars,
    runtime,
  }: Pick<Opened, 'folder' | 'runtime'> & {
    grammars: Pick<GrammarService, 'open'>;
  },
  scheduler: Scheduler,
  { promptIds, changes }: Asked,
  signal = never,
) {
  const { messages: _, ...request } = aRequest('', { minTokens: 999, ...changes });
  const [short, long] = runtime.slotClasses;
  const generation = new Generation(
    { ...request, minTokens: Math.min(request.minTokens, request.maxTokens), promptIds },
    {
      ...folder,
      contextLength: (long ?? short).tokens,
      grammars: grammars,
    },
  );
  const answer = { text: '', tokens: 0 };
  const done = scheduler.run(
    generation,
    (chunk) => {
      answer.text += chunk.text;
      answer.tokens = chunk.tokens;
    },
    signal,
  );
  return Object.assign(answer, { done });
}

/** A prompt like that of an answer which quotes it: 48 tokens. */
function repetitivePrompt(seed = 0): number[] {
  return Array.from({ length: 48 }, (_, at) => 300 + (at % 6) + seed);
}

function promptOf(tokens: number, first = 3): number[] {
  return Array.from({ length: tokens }, (_, at) => first + ((at * 37) % 900));
}

describe.each<[string, BuildOptions]>([
  ['fp32', {}],
  ['int4 with float32 activations', { precision: 'int4', accuracyLevel: 0 }],
  ['int4 with int8 activations', { precision: 'int4' }],
  ['fp16 with position_ids', { precision: 'fp16', variant: 'gpu' }],
  ['fp32 with a short rope table', SHORT],
])('%s', (_, options) => {
  test('200 requests of random length, arrival and abort give exactly the answers that each gives alone', async () => {
    await using opened = await open(options, 6);
    const { runtime, scheduler } = opened;
    const random = new SeededRandom(11n);
    const below = (limit: number) => random.nextUint32() % limit;
    const contexts = promptOf(150, 5);

    const asked = Array.from({ length: 200 }, (__, at): Asked & { abortAt: number } => {
      const shared = below(3) === 0 ? contexts.slice(0, below(150)) : [];
      const promptIds = [
        ...shared,
        ...promptOf(1 + below(below(5) === 0 ? 120 : 20), 3 + below(40)),
      ];
      return {
        promptIds,
        changes: {
          maxTokens: 1 + below(24),
          greedy: below(2) === 0,
          seed: BigInt(at),
          temperature: 1,
        },
        abortAt: below(4) === 0 ? below(20) : Number.POSITIVE_INFINITY,
      };
    });

    const together: { text: string; isWhole: boolean }[] = [];
    await Promise.all(
      Array.from({ length: 9 }, async (__, lane) => {
        for (let at = lane; at < asked.length; at += 9) {
          const request = asked[at];
          if (!request) continue;
          for (let turns = below(6); turns > 0; turns -= 1) await new Promise(setImmediate);
          const abort = new AbortController();
          const answer = start(opened, scheduler, request, abort.signal);
          for (let turns = 0; turns < request.abortAt && turns < 20; turns += 1) {
            await new Promise(setImmediate);
          }
          if (request.abortAt < 20) abort.abort('stopped');
          const [end] = await Promise.allSettled([answer.done]);
          together[at] = { text: answer.text, isWhole: end.status === 'fulfilled' };
        }
      }),
    );
    expect(scheduler.freeSlots).toBe(6);

    for (const [at, request] of asked.entries()) {
      // A new scheduler has no record of what the slots held before.
      const answer = start(opened, new Scheduler(runtime, { onTurnEnd: () => {} }), request);
      await answer.done;
      const { text, isWhole } = together[at] ?? { text: '', isWhole: true };
      expect([at, text]).toEqual([at, isWhole ? answer.text : answer.text.slice(0, text.length)]);
    }
    const whole = together.filter(({ isWhole }) => isWhole).length;
    expect(whole).toBeGreaterThan(120);
    expect(whole).toBeLessThan(200);
  });
});

test('an abort ends the current run if it serves no other answer, and takes effect after it otherwise', async () => {
  await using opened = await open({}, 4);
  const { runtime, scheduler } = opened;
  const abort = new AbortController();
  runtime.onRun = () => abort.abort('enough');
  const alone = start(opened, scheduler, { promptIds: promptOf(2000), changes: {} }, abort.signal);
  await expect(alone.done).rejects.toBe('enough');
  expect(runtime.calls).toEqual([{ kind: 'chunk', slot: 0, tokens: 32 }]);
  expect(runtime.terminated).toBe(1);
  expect(scheduler.freeSlots).toBe(4);

  runtime.calls.length = 0;
  const second = new AbortController();
  const others = [10, 20].map((tokens) =>
    start(opened, scheduler, { promptIds: promptOf(tokens), changes: { maxTokens: 40 } }),
  );
  const aborted = start(
    opened,
    scheduler,
    { promptIds: promptOf(5), changes: { maxTokens: 40 } },
    second.signal,
  );
  let isAborted = false;
  let runsAfter = 0;
  runtime.onRun = (call) => {
    if (isAborted) runsAfter += 1;
    if (call.kind === 'decode' && call.rows === 3 && !isAborted) {
      isAborted = true;
      second.abort('me only');
    }
  };
  await expect(aborted.done).rejects.toBe('me only');
  expect(runsAfter).toBe(0);
  await Promise.all(others.map(({ done }) => done));
  expect(others.map(({ tokens }) => tokens)).toEqual([40, 40]);
  expect(runtime.terminated).toBe(1);
});

test('an answer that waits for its mask misses steps, and the others continue', async () => {
  await using opened = await open({}, 3);
  const { folder, scheduler } = opened;
  const source = { take: () => {}, close: () => {}, collect: () => {} };
  const masks = new TokenMasks(1, { kind: 'json' }, source);
  const all = new Int32Array(Math.ceil(folder.tokenizer.idCount / 32)).fill(-1);
  const constrained: Asked = {
    promptIds: promptOf(9),
    changes: { maxTokens: 2, grammar: { kind: 'json' } },
  };
  const waiting = start({ ...opened, grammars: { open: () => masks } }, scheduler, constrained);
  const neighbour = start(opened, scheduler, {
    promptIds: promptOf(5),
    changes: { maxTokens: 60 },
  });
  await neighbour.done;
  expect([neighbour.tokens, waiting.tokens]).toEqual([60, 0]);

  // Now nothing can run until a mask arrives.
  const free = start(opened, scheduler, { promptIds: promptOf(9), changes: { maxTokens: 2 } });
  await free.done;
  source.take = () => void setImmediate(() => masks.settle(all));
  masks.settle(all);
  const result = await waiting.done;
  expect(waiting.text).toBe(free.text);
  expect(result.maskWaitMs).toBeGreaterThan(0);
  expect((await free.done).maskWaitMs).toBeUndefined();
});

test('an abort or a failed grammar ends an answer that waits for its mask', async () => {
  await using opened = await open({}, 2);
  const { scheduler } = opened;
  const source = { take: () => {}, close: () => {}, collect: () => {} };
  const ask = (signal: AbortSignal) => {
    const masks = new TokenMasks(1, { kind: 'json' }, source);
    const asked: Asked = { promptIds: promptOf(9), changes: { grammar: { kind: 'json' } } };
    return {
      masks,
      ...start({ ...opened, grammars: { open: () => masks } }, scheduler, asked, signal),
    };
  };
  const abort = new AbortController();
  const [aborted, failed] = [ask(abort.signal), ask(never)];
  // By then both prompts have been read.
  while (opened.runtime.calls.length < 2) await new Promise(setImmediate);
  for (let turns = 0; turns < 5; turns += 1) await new Promise(setImmediate);
  abort.abort('enough');
  failed.masks.settle(new EngineError('input', 'regex is too hard.'));
  const ends = await Promise.allSettled([aborted.done, failed.done]);
  expect(ends).toMatchObject([{ reason: 'enough' }, { reason: { kind: 'input' } }]);
  expect(scheduler.freeSlots).toBe(2);
});

test('a long prompt is read between the steps of answers, which advance with each turn', async () => {
  await using opened = await open({}, 3);
  const { runtime, scheduler } = opened;
  const answers = [1, 2].map((first) =>
    start(opened, scheduler, { promptIds: promptOf(8, first), changes: { maxTokens: 400 } }),
  );
  runtime.onRun = ({ kind }) => {
    if (kind === 'decode' && runtime.calls.length === 10) {
      long = start(opened, scheduler, { promptIds: promptOf(4000), changes: { maxTokens: 1 } });
    }
  };
  let long: ReturnType<typeof start> | undefined;
  await Promise.all(answers.map(({ done }) => done));
  await long?.done;
  const isDecode = ({ kind }: Call) => kind === 'decode';
  const chunks = runtime.calls.filter((call) => call.kind === 'chunk' && call.tokens >= 16);
  expect(chunks.length).toBeGreaterThan(5);
  // Whatever the pace allows, the answers wait for 512 tokens of a prompt at most.
  const steps = runtime.calls.map((call) => (call.kind === 'chunk' ? call.tokens : 0));
  let waited = 0;
  let longest = 0;
  for (const tokens of steps.slice(10, runtime.calls.findLastIndex(isDecode))) {
    waited = tokens === 0 ? 0 : waited + tokens;
    longest = Math.max(longest, waited);
  }
  expect(longest).toBeGreaterThan(0);
  expect(longest).toBeLessThanOrEqual(512);
});

// At these lengths, one run of the whole prompt differs from runs of its parts.
test.each([129, 193, 257, 385])(
  'a prompt of %i tokens is cut at the same places alone, beside answers and after a cached start',
  async (tokens) => {
    await using opened = await open({}, 3);
    const { runtime, scheduler } = opened;
    const chunksOf = async (begin: () => Promise<unknown>, promptIds: readonly number[]) => {
      await begin();
      runtime.calls.length = 0;
      const changes = { maxTokens: 1 };
      const { cachedTokens } = await start(opened, scheduler, { promptIds, changes }).done;
      const read = runtime.calls.flatMap((call) => (call.kind === 'chunk' ? [call.tokens] : []));
      let at = cachedTokens;
      return read.map((chunk) => (at += chunk));
    };
    const places = await chunksOf(async () => {}, promptOf(tokens));
    expect(places.slice(-2)).toEqual([tokens - 2, tokens]);

    const other = promptOf(tokens, 5);
    const beside = start(opened, scheduler, { promptIds: [7], changes: { maxTokens: 200 } });
    expect(await chunksOf(async () => {}, other)).toEqual(places);
    await beside.done;

    const cached = await chunksOf(
      () =>
        start(opened, scheduler, { promptIds: promptOf(100, 9), changes: { maxTokens: 9 } }).done,
      [...promptOf(100, 9), ...promptOf(tokens - 100, 11)],
    );
    expect(places.slice(-cached.length)).toEqual(cached);
    expect(cached.length).toBeLessThan(places.length);
  },
);

test('a short prompt behind a long one does not wait for all of it', async () => {
  await using opened = await open({}, 3);
  const { scheduler } = opened;
  const ends: string[] = [];
  const ask = async (name: string, tokens: number) => {
    await start(opened, scheduler, { promptIds: promptOf(tokens), changes: { maxTokens: 1 } }).done;
    ends.push(name);
  };
  await Promise.all([ask('long', 4000), ask('short', 10)]);
  expect(ends).toEqual(['short', 'long']);
});

test('a row whose run fails, fails alone: the other answers do not change', async () => {
  await using opened = await open({}, 4);
  const { runtime, scheduler } = opened;
  const asked = [5, 9, 14].map((tokens) => ({ promptIds: promptOf(tokens), changes: {} }));
  const alone: string[] = [];
  for (const request of asked) {
    const answer = start(opened, new Scheduler(runtime, { onTurnEnd: () => {} }), request);
    await answer.done;
    alone.push(answer.text);
  }
  // The fifth token of the second row gets no memory, however often it is tried.
  runtime.fault = (rows) =>
    rows.some(({ slot, length }) => slot === 1 && length === 9 + 5)
      ? new Error('bad allocation')
      : undefined;
  const answers = asked.map((request) => start(opened, scheduler, request));
  const ends = await Promise.allSettled(answers.map(({ done }) => done));
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect([answers[0]?.text, answers[2]?.text]).toEqual([alone[0], alone[2]]);
  expect(scheduler.freeSlots).toBe(4);
});

test('a prompt that begins like an earlier one is read from where they differ, and says so', async () => {
  await using opened = await open({}, 2);
  const { runtime, scheduler } = opened;
  const shared = promptOf(100);
  const first = start(opened, scheduler, { promptIds: [...shared, 7, 8, 9], changes: {} });
  expect((await first.done).cachedTokens).toBe(0);
  runtime.calls.length = 0;
  const request = { promptIds: [...shared, 10, 11, 12, 13], changes: {} };
  // Each gets its own slot: one continues where the first was, the other copies the start.
  const both = [1, 2].map(() => start(opened, scheduler, request));
  const results = await Promise.all(both.map(({ done }) => done));
  // Up to the last place where both prompts are cut.
  expect(results.map(({ cachedTokens }) => cachedTokens)).toEqual([96, 96]);
  const read = runtime.calls.flatMap((call) => (call.kind === 'chunk' ? [call.tokens] : []));
  expect(read).toEqual([8, 8]);
});

test.each<[string, BuildOptions]>([
  ['fp32', {}],
  ['a short rope table', SHORT],
])(
  'prompt lookup takes several tokens in one run, and changes no answer: %s',
  async (_, options) => {
    await using opened = await open(options, 2);
    const { runtime } = opened;
    let drafted = 0;
    for (const changes of [{}, { greedy: false, temperature: 0.5 }, { repetitionPenalty: 1.2 }]) {
      for (const seed of [1n, 2n, 3n]) {
        const promptIds = repetitivePrompt(Number(seed));
        const request = { promptIds, changes: { maxTokens: 40, seed, ...changes } };
        const answerWith = async (promptLookupTokens: number) => {
          const scheduler = new Scheduler(runtime, { onTurnEnd: () => {}, promptLookupTokens });
          runtime.calls.length = 0;
          const answer = start(opened, scheduler, request);
          const { drafts, completionTokens } = await answer.done;
          expect(completionTokens).toBe(40);
          return { text: answer.text, drafts, runs: runtime.calls.length };
        };
        const plain = await answerWith(0);
        const ahead = await answerWith(8);
        expect(ahead.text).toBe(plain.text);
        expect(plain.drafts).toBeUndefined();
        // Every right guess saves a run.
        expect(ahead.runs).toBe(plain.runs - (ahead.drafts?.accepted ?? 0));
        drafted += ahead.drafts?.accepted ?? 0;
      }
    }
    expect(drafted).toBeGreaterThan(20);
  },
);

test('a draft is no longer than a chunk', async () => {
  await using opened = await open({}, 1);
  const { runtime } = opened;
  runtime.chunkTokensMax = (start) => (start < 48 ? 48 : 3);
  const scheduler = new Scheduler(runtime, { onTurnEnd: () => {}, promptLookupTokens: 8 });
  const promptIds = repetitivePrompt();
  await start(opened, scheduler, { promptIds, changes: { maxTokens: 40 } }).done;
  const lengths = runtime.calls.flatMap((call) => (call.kind === 'verify' ? [call.tokens] : []));
  expect(Math.max(...lengths)).toBe(3);
});

test('nothing is guessed while several answers run', async () => {
  await using opened = await open({}, 2);
  const { runtime } = opened;
  const scheduler = new Scheduler(runtime, { onTurnEnd: () => {}, promptLookupTokens: 8 });
  const promptIds = repetitivePrompt();
  const both = [0, 1].map(() =>
    start(opened, scheduler, { promptIds, changes: { maxTokens: 20 } }),
  );
  await Promise.all(both.map(({ done }) => done));
  expect(runtime.calls.filter(({ kind }) => kind === 'verify').length).toBeLessThanOrEqual(1);
  expect(both[0]?.text).toBe(both[1]?.text);
});

test('an answer moves down when the slots below it become free', async () => {
  await using opened = await open({}, 6);
  const { runtime, scheduler } = opened;
  const lengths = [80, 2, 2, 2, 2, 80];
  const asked = lengths.map((maxTokens, at) => ({
    promptIds: promptOf(6 + at),
    changes: { maxTokens },
  }));
  const slots = new Set<string>();
  const decode = runtime.decode.bind(runtime);
  runtime.decode = async (rows) => {
    slots.add(rows.map(({ slot }) => slot).join());
    return await decode(rows);
  };
  const answers = asked.map((request) => start(opened, scheduler, request));
  await Promise.all(answers.map(({ done }) => done));
  expect(slots).toContain('0,5');
  expect(slots).toContain('0,1');
  const alone = start(
    opened,
    new Scheduler(runtime, { onTurnEnd: () => {} }),
    asked[5] ?? { promptIds: [], changes: {} },
  );
  await alone.done;
  expect(answers[5]?.text).toBe(alone.text);
});

describe.each<[string, BuildOptions]>([
  ['chosen by the mask', {}],
  ['chosen by positions', { variant: 'gpu' }],
])('the long rope table, %s', (_, options) => {
  test('an answer that outgrows the short table continues like the float64 reference, beside short ones and in turn', async () => {
    await using opened = await open({ ...SHORT, ...options }, 4);
    const { folder, scheduler } = opened;
    const reference = new ReferencePhi({ ...TINY_MODEL, ...SHORT });
    // Two cross while they answer, one is long from the start, three stay short; all use one long
    // slot in turn.
    const asked = [50, 60, 90, 10, 20, 30].map((tokens, at) => ({
      promptIds: promptOf(tokens, 3 + at),
      changes: { maxTokens: at < 3 ? 30 : 24 },
    }));
    const answers = asked.map((request) => start(opened, scheduler, request));
    await Promise.all(answers.map(({ done }) => done));
    for (const [at, { promptIds, changes }] of asked.entries()) {
      const detokenizer = new Detokenizer(folder.tokenizer);
      const text = reference
        .generate(promptIds, changes.maxTokens)
        .map((id) => detokenizer.next(id))
        .join('');
      expect([at, answers[at]?.text]).toEqual([at, text + detokenizer.end()]);
    }
  });
});

test.each<[string, readonly number[]]>([
  ['no ids', []],
  ['an id that the model does not have', [5, 1088]],
  ['a negative id', [-1]],
  ['an id that is not a whole number', [1.5]],
])('a prompt with %s is refused, and the scheduler continues', async (_, promptIds) => {
  await using opened = await open({}, 1);
  const { scheduler } = opened;
  await expect(start(opened, scheduler, { promptIds, changes: {} }).done).rejects.toMatchObject({
    kind: 'input',
  });
  const next = start(opened, scheduler, { promptIds: [5, 6], changes: { maxTokens: 2 } });
  expect(await next.done).toMatchObject({ completionTokens: 2 });
});
