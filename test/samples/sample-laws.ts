import assert from 'node:assert/strict';

import type { SampleCall } from '@runfleet/samples';
import { hostileText } from '@runfleet/samples/testing';
import fc from 'fast-check';

import type { BuiltSample, Ended, Keys } from './built-sample.ts';
import { STUB_ANSWER, STUB_FAILURE, StubApi } from './stub-api.ts';

/** A running Runfleet whose engine writes the prompt back, a word every 20 ms. */
export type SampleStack = {
  apiUrl: string;
  model: string;
  signed: Required<Keys>;
  keyed: Keys;
  /** Reads a task of either project. */
  detail: (taskId: string) => Promise<{ status: string; debugoutput: string; prompt: unknown }>;
};
type Build = (call: SampleCall) => Promise<BuiltSample>;
type Law = (stack: SampleStack, build: Build) => Promise<void>;

const LITERALS = 300;
const SEED = 7;
const WAIT_SECONDS = 60;
const PROMPT =
  'It\'s "quoted" \\ $HOME ${x} `id` #{y}\n\\(z) %s {{w}} é e\u0301 漢 😀 \u202e end\tof it';

/** What must hold for the sample of every language that can be started. */
export const SAMPLE_LAWS: Record<string, Law> = {
  'a signed call prints the answer': async (stack, build) => {
    const sample = await build(callOf(stack, { isSigned: true }));
    await expectAnswered(stack, sample, stack.signed);

    const wrong = await startedWith(sample, { ...stack.signed, apiSecret: 'no-such-secret' });
    assertRefused(wrong, /Run\/.* was refused: .*(401|not valid)/);
    assert.doesNotMatch(wrong.stdout + wrong.stderr, /no-such-secret/);
    const { apiKey } = stack.signed;
    assertRefused(await startedWith(sample, { apiKey }), /YOUR_API_SECRET/);
    assertRefused(await startedWith(sample, {}), /YOUR_API_KEY/);
  },
  'a call with only a key prints the answer': async (stack, build) => {
    const sample = await build(callOf(stack, { isSigned: false }));
    await expectAnswered(stack, sample, stack.keyed);
  },
  'a task that takes too long is killed': async (stack, build) => {
    const parameters = { prompt: 'word '.repeat(900) };
    const sample = await build({
      ...callOf(stack, { isSigned: true }),
      parameters,
      waitSeconds: 1,
    });
    const ended = await startedWith(sample, stack.signed);
    assertRefused(ended, /was killed/);
    assert.equal((await stack.detail(taskIdIn(ended))).status, 'task_cancel');
  },
  [`${LITERALS} hostile texts are sent unchanged, and faults are told`]: async (stack, build) => {
    await using stub = await StubApi.start();
    const parameters = hostileParameters();
    const call = { ...callOf(stack, { isSigned: true }), apiUrl: stub.url, parameters };
    const sample = await build(call);

    const ended = await startedWith(sample, { apiKey: 'any', apiSecret: 'any' });
    assert.deepEqual(ended, { ...ended, code: 0, stdout: `${STUB_ANSWER}\n` });
    const sent = Object.entries(parameters).map(([name, text]) => [name, text.toWellFormed()]);
    assert.deepEqual(stub.body, Object.fromEntries(sent));

    const failed = await startedWith(sample, { apiKey: 'failed', apiSecret: 'any' });
    assertRefused(failed, new RegExp(STUB_FAILURE));
    const html = await startedWith(sample, { apiKey: 'html', apiSecret: 'any' });
    assertRefused(html, /refused: .*(502|Bad gateway)/);
    await stub[Symbol.asyncDispose]();
    assertRefused(await startedWith(sample, { apiKey: 'any', apiSecret: 'any' }), /./);
  },
};

/** What must hold if only the grammar of a language is at hand. */
export const READ_LAWS: Record<string, Law> = {
  'is in the grammar of its language, which is not started here': async (stack, build) => {
    await build(callOf(stack, { isSigned: true }));
    await build(callOf(stack, { isSigned: false }));
    await build({ ...callOf(stack, { isSigned: true }), parameters: hostileParameters() });
  },
};

function callOf({ apiUrl, model }: SampleStack, { isSigned }: { isSigned: boolean }): SampleCall {
  const parameters = { prompt: PROMPT, max_tokens: '200' };
  return { apiUrl, model, parameters, isSigned, waitSeconds: WAIT_SECONDS };
}

async function startedWith({ start }: BuiltSample, keys: Keys): Promise<Ended> {
  assert.ok(start, 'the sample was not built for starting');
  return start(keys);
}

async function expectAnswered(stack: SampleStack, sample: BuiltSample, keys: Keys): Promise<void> {
  const ended = await startedWith(sample, keys);
  assert.equal(ended.code, 0, ended.stderr);
  const task = await stack.detail(taskIdIn(ended));
  assert.equal(task.prompt, PROMPT);
  assert.equal(ended.stdout, `${task.debugoutput}\n`);
}

function assertRefused(ended: Ended, reason: RegExp): void {
  assert.notEqual(ended.code, 0);
  assert.equal(ended.stdout, '');
  assert.match(ended.stderr, reason);
}

const taskIdIn = ({ stderr }: Ended): string => /Task (\d+) is queued/.exec(stderr)?.[1] ?? '';

function hostileParameters(): Record<string, string> {
  const texts = fc.sample(hostileText, { numRuns: LITERALS, seed: SEED });
  return Object.fromEntries(texts.map((text, at) => [`p${at}`, text]));
}
