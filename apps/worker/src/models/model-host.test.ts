import { type Engine, openEngine } from '@runfleet/engine';
import { createLogger } from '@runfleet/service';
import { expect, test as base } from 'vitest';

import { type HostedModel, ModelHost } from './model-host.ts';
import { ModelLoadError } from './model-load-error.ts';

const never = new AbortController().signal;
const logger = createLogger({ role: 'worker', level: 'silent' });

type Options = { memoryBytes?: number | null; models: readonly HostedModel[] };

/** Builds hosts, and records which models are loaded after each change. */
const test = base.extend('build', async ({}, { onCleanup }) => {
  const hosts: ModelHost[] = [];
  onCleanup(async () => {
    for (const host of hosts) await host[Symbol.asyncDispose]();
  });
  return ({ memoryBytes = 10, models }: Options) => {
    const seen: string[] = [];
    const host = new ModelHost({
      models,
      memoryBytes,
      logger,
      onChange: () => seen.push(Object.keys(host.loaded).join(' ')),
    });
    hosts.push(host);
    return { host, seen };
  };
});

const echo = () => openEngine({ kind: 'echo', slots: 1, tokenDelayMs: 0 });
const aModel = (pool: string, bytes: number, open: () => Promise<Engine> = echo): HostedModel => ({
  pool,
  name: `owner/${pool}`,
  bytes,
  open,
});

test('a model is loaded on first use, once for all its runs, and stays loaded', async ({
  build,
}) => {
  let opened = 0;
  const model = aModel('a', 4, () => {
    opened += 1;
    return echo();
  });
  const { host, seen } = build({ models: [model] });
  expect(host.loaded).toEqual({});
  const uses = await Promise.all([host.use('a', never), host.use('a', never)]);
  for (const use of uses) use[Symbol.dispose]();
  using again = await host.use('a', never);
  expect(again.engine).toBe(uses[0].engine);
  expect(opened).toBe(1);
  expect(seen).toEqual(['a']);
  expect(host.loaded).toEqual({ a: { bytes: 4, contextTokens: 4_096 } });
});

test('the model that was idle for longest is unloaded, a model in use never is', async ({
  build,
}) => {
  const { host, seen } = build({ models: [aModel('a', 4), aModel('b', 4), aModel('c', 4)] });
  (await host.use('a', never))[Symbol.dispose]();
  (await host.use('b', never))[Symbol.dispose]();
  using _again = await host.use('a', never);
  using _third = await host.use('c', never);
  expect(seen).toEqual(['a', 'a b', 'a', 'a c']);
});

test('a model that needs the memory of a busy one is loaded when that is idle', async ({
  build,
}) => {
  const { host } = build({ models: [aModel('a', 6), aModel('b', 6)] });
  const busy = await host.use('a', never);
  let isLoaded = false;
  const wanted = host.use('b', never).then((use) => {
    isLoaded = true;
    return use;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isLoaded).toBe(false);
  busy[Symbol.dispose]();
  using _use = await wanted;
  expect(host.loaded).toEqual({ b: { bytes: 6, contextTokens: 4_096 } });
});

test('a loaded model is not unloaded before the runs that waited for it have used it', async ({
  build,
}) => {
  const { host, seen } = build({ models: [aModel('a', 6), aModel('b', 6)] });
  const uses = await Promise.all(
    ['a', 'b'].map(async (pool) => {
      using use = await host.use(pool, never);
      return use.engine.facts.kind;
    }),
  );
  expect(uses).toEqual(['echo', 'echo']);
  expect(seen).toEqual(['a', '', 'b']);
});

test('a waiting run can be aborted, and the others still get their models', async ({ build }) => {
  const { host } = build({ models: [aModel('a', 6), aModel('b', 6)] });
  const busy = await host.use('a', never);
  const control = new AbortController();
  const stopped = host.use('b', control.signal);
  const patient = host.use('b', never);
  control.abort(new Error('aborted'));
  await expect(stopped).rejects.toThrow('aborted');
  busy[Symbol.dispose]();
  using _use = await patient;
});

test('a model that is larger than the memory is refused at once, with both sizes', async ({
  build,
}) => {
  const { host } = build({ memoryBytes: 2 ** 20, models: [aModel('a', 3 * 2 ** 20)] });
  await expect(host.use('a', never)).rejects.toThrow(/owner\/a needs 3 MiB .* share 1 MiB/);
});

test('a failed load is an error of this worker only, and the next task tries again', async ({
  build,
}) => {
  let isWhole = false;
  const open = () => {
    if (isWhole) return echo();
    return Promise.reject(new Error('cut short'));
  };
  const { host } = build({ models: [aModel('a', 4, open)] });
  await expect(host.use('a', never)).rejects.toThrow(ModelLoadError);
  await expect(host.use('b', never)).rejects.toThrow(ModelLoadError);
  isWhole = true;
  using _use = await host.use('a', never);
});

test('a host that closes ends waiting loads and unloads idle models', async ({ build }) => {
  const { host, seen } = build({ models: [aModel('a', 6), aModel('b', 6)] });
  using _busy = await host.use('a', never);
  const waiting = host.use('b', never);
  const [closed, waited] = await Promise.allSettled([host[Symbol.asyncDispose](), waiting]);
  expect(closed.status).toBe('fulfilled');
  expect(waited).toMatchObject({ reason: { message: 'The worker is stopping.' } });
  expect(seen.at(-1)).toBe('');
});

test('a closed host loads no more models', async ({ build }) => {
  let opened = 0;
  const model = aModel('a', 4, () => {
    opened += 1;
    return echo();
  });
  const { host } = build({ models: [model] });
  await host[Symbol.asyncDispose]();
  await expect(host.use('a', never)).rejects.toThrow('The worker is stopping.');
  expect(opened).toBe(0);
});
