import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { readModelFolder } from '../folder/model-folder.ts';
import { readChatTemplate } from '../folder/read-chat-template.ts';
import { GgufFile } from '../gguf/gguf-file.ts';
import type { TensorToWrite } from '../gguf/write-gguf-file.ts';
import { openEngine } from '../open-engine.ts';
import { openOrtCapi } from '../runtime/ort-capi/ort-capi.ts';
import { aRequest } from '../testing/a-request.ts';
import { ReferenceLlama } from '../testing/reference-llama.ts';
import { type TinyGguf, writeTinyGguf } from '../testing/tiny-gguf.ts';
import { convertGguf } from './convert-gguf.ts';
import type { Precision } from './llama/block-writer.ts';
import { toBytes } from './matrix-formats.ts';

const parent = mkdtempSync(join(tmpdir(), 'runfleet-convert-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));
let files = 0;

function writeTiny(options: TinyGguf): string {
  files += 1;
  const path = join(parent, `${files}.gguf`);
  writeTinyGguf(path, options);
  return path;
}

async function convert(options: TinyGguf, precision: Precision = 'exact') {
  const path = writeTiny(options);
  const dir = `${path}.folder`;
  return { path, dir, converted: await convertGguf({ path, dir, precision }) };
}

const PROMPT = Array.from({ length: 40 }, (_, at) => (at * 37) % 300);
const STEPS = 6;

/** The largest distance of a logit from the reference's, after the prompt and in steps beyond it. */
async function distance(path: string, dir: string): Promise<number> {
  using file = GgufFile.open(path);
  await using runtime = await openOrtCapi(await readModelFolder(dir), {
    provider: 'cpu',
    threads: 1,
    slots: 1,
  });
  let [most, held] = [0, 0];
  const ids = [...PROMPT];
  for (const expected of new ReferenceLlama(file).follow(PROMPT)) {
    const logits = await runtime.prefillChunk(0, ids.slice(held), held);
    held = ids.length;
    for (const [id, logit] of expected.entries()) {
      most = Math.max(most, Math.abs(logit - (logits?.[id] ?? 0)));
    }
    ids.push(expected.indexOf(Math.max(...expected)));
    if (ids.length === PROMPT.length + STEPS) return most;
  }
  return most;
}

const ATTENTION_FACTOR = { 'phi3.rope.scaling.attn_factor': { float32: 1.2 } };
const LONG_ROPE = {
  ...ATTENTION_FACTOR,
  'phi3.rope.scaling.original_context_length': { uint32: 64 },
};
const ropeFactors = (factor: number): TensorToWrite[] =>
  ['short', 'long'].map((name) => ({
    name: `rope_factors_${name}.weight`,
    dims: [32],
    type: 'F32',
    bytes: () => toBytes(new Float32Array(32).fill(factor)),
  }));
const SCALING = Array.from({ length: 32 }, (_, at) => (at < 16 ? 1 : 8));

test.each<[string, TinyGguf]>([
  ['Q4_0', { type: 'Q4_0', isTied: true }],
  ['Q4_1', { type: 'Q4_1' }],
  ['Q8_0', { type: 'Q8_0', isTied: true }],
  ['Q4_K', { type: 'Q4_K' }],
  ['Q5_0', { type: 'Q5_0', isTied: true }],
  ['Q5_1', { type: 'Q5_1' }],
  ['Q5_K', { type: 'Q5_K', isTied: true }],
  ['Q6_K', { type: 'Q6_K', isTied: true }],
  ['IQ4_NL', { type: 'IQ4_NL', isTied: true }],
  ['IQ4_XS', { type: 'IQ4_XS' }],
  ['Q4_1 and a shared head of Q8_0', { type: 'Q4_1', types: { token_embd: 'Q8_0' }, isTied: true }],
  [
    'queries, keys and values of several types',
    { type: 'Q4_K', types: { 'blk.0.attn_v': 'Q6_K', 'blk.1.attn_q': 'Q8_0' } },
  ],
  ['scaled rope tables', { type: 'Q8_0', ropeFactors: SCALING }],
  [
    'positions that are scaled alike, without the type of scaling',
    { type: 'Q8_0', fields: { 'llama.rope.scaling.factor': { float32: 4 } } },
  ],
  ['Qwen 2', { architecture: 'qwen2', type: 'Q4_1', isTied: true }],
  [
    'Qwen 2 with keys of another type',
    { architecture: 'qwen2', type: 'Q8_0', types: { 'blk.1.attn_k': 'Q6_K' } },
  ],
])('a folder of %s has the logits of the float64 pass on the file', async (_, options) => {
  const { path, dir, converted } = await convert(options);
  expect(converted.roundingError).toBe(0);
  expect(await distance(path, dir)).toBeLessThan(2e-4);
  const close = `${path}.close`;
  await convertGguf({ path, dir: close, precision: 'close' });
  // The kernel for eight bits rounds relative to its codes, of which five bits use an eighth.
  expect(await distance(path, close)).toBeLessThan(options.type === 'Q5_K' ? 2e-2 : 5e-3);
});

test.each(['F32', 'F16', 'BF16'] as const)(
  'weights of %s are rounded to eight bits, and the error is stated',
  async (type) => {
    const { path, dir, converted } = await convert({ type });
    expect(converted.roundingError).toBeGreaterThan(1e-3);
    expect(converted.roundingError).toBeLessThan(6e-3);
    expect(await distance(path, dir)).toBeLessThan(0.5);
  },
);

test('a prompt computes its last logits only, and they are those of a run that computes all', async () => {
  const { dir } = await convert({ type: 'Q4_1', isTied: true }, 'close');
  await using runtime = await openOrtCapi(await readModelFolder(dir), {
    provider: 'cpu',
    threads: 1,
    slots: 2,
  });
  const last = Float32Array.from(await runtime.prefillChunk(0, PROMPT, 0));
  const all = await runtime.verify(1, PROMPT, 0);
  expect(all).toHaveLength(PROMPT.length);
  expect(all.at(-1)).toEqual(last);
  expect(all[0]).not.toEqual(last);
  // Rows of a step have one each.
  const ids = [5, 7];
  const rows = ids.map((id, slot) => ({ slot, id, length: PROMPT.length }));
  const [first, second] = (await runtime.decode(rows)).map((row) => Float32Array.from(row));
  expect(first).not.toEqual(second);
  for (const slot of [0, 1]) runtime.rewind(slot, PROMPT.length);
  expect(await runtime.decode(rows.slice(1))).toEqual([second]);
});

test('rounded activations move logits by little', async () => {
  const { path, dir } = await convert(
    { type: 'Q4_1', types: { token_embd: 'Q8_0' }, isTied: true },
    'fast',
  );
  expect(await distance(path, dir)).toBeLessThan(0.5);
});

test('the folder opens and answers; a shared head is in the file once', async () => {
  const { dir } = await convert({ type: 'Q8_0', isTied: true }, 'close');
  const separate = await convert({ type: 'Q8_0' }, 'close');
  const dataBytes = async (folder: string) =>
    (await readFile(join(folder, 'model.onnx.data'))).length;
  expect(await dataBytes(dir)).toBeLessThan(await dataBytes(separate.dir));

  await using engine = await openEngine({
    kind: 'onnx',
    modelDir: dir,
    provider: 'cpu',
    slots: 2,
    threads: 1,
  });
  expect(engine.facts.contextLength).toBe(512);
  const ask = async () => {
    const prepared = await engine.prepare(aRequest('Hello', { greedy: true, maxTokens: 8 }));
    let text = '';
    await engine.generate(
      prepared,
      (chunk) => void (text += chunk.text),
      new AbortController().signal,
    );
    return text;
  };
  const [first, second] = await Promise.all([ask(), ask()]);
  expect(first).toBe(second);
});

test('a template for conversations with tools is kept beside the usual one', async () => {
  const forTools = '{% for message in messages %}{{ message.content }}{% endfor %}';
  const fields = { 'tokenizer.chat_template.tool_use': { string: forTools } };
  const { dir } = await convert({ type: 'Q8_0', fields });
  expect(await readChatTemplate(dir)).toMatchObject({
    source: expect.stringContaining('<|im_start|>'),
    toolSource: forTools,
  });
});

test('the same file gives the same bytes, and progress ends at its size', async () => {
  const path = writeTiny({ type: 'Q4_1' });
  const written = async (name: string) => {
    const dir = join(parent, name);
    let last = { bytes: 0, totalBytes: -1 };
    await convertGguf({
      path,
      dir,
      precision: 'close',
      onProgress: (progress) => (last = progress),
    });
    expect(last.bytes).toBe(last.totalBytes);
    return await Promise.all(
      ['model.onnx', 'model.onnx.data', 'tokenizer.json', 'config.json'].map((file) =>
        hashOf(join(dir, file)),
      ),
    );
  };
  expect(await written('one')).toEqual(await written('two'));
});

async function hashOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

test.each<[string, Partial<TinyGguf>, RegExp]>([
  [
    'another architecture',
    { fields: { 'general.architecture': { string: 'gemma2' } } },
    /is of the architecture "gemma2": its scaled .* not built\. Supported: llama, qwen2, phi3/u,
  ],
  [
    'a part of the weights',
    { fields: { 'split.count': { uint32: 3 } } },
    /is one of 3 parts; join them first/u,
  ],
  [
    'experts in its architecture',
    { fields: { 'general.architecture': { string: 'phimoe' } } },
    /is of the architecture "phimoe": its experts are not built/u,
  ],
  [
    'an architecture that no one knows',
    { fields: { 'general.architecture': { string: 'constructor' } } },
    /is of the architecture "constructor"\. Supported/u,
  ],
  [
    'another tokenizer',
    { fields: { 'tokenizer.ggml.model': { string: 't5' } } },
    /tokenizer of the kind "t5"; byte-level BPE .* are supported/u,
  ],
  [
    'an unknown split',
    { fields: { 'tokenizer.ggml.pre': { string: 'constructor' } } },
    /splits text as "constructor"/u,
  ],
  [
    'experts',
    { fields: { 'llama.expert_count': { uint32: 8 } } },
    /sets llama.expert_count, which is not supported/u,
  ],
  [
    'a sliding window',
    { fields: { 'llama.attention.sliding_window': { uint32: 64 } } },
    /sets llama\.attention\.sliding_window, which is not supported/u,
  ],
  [
    'a part of each head that rotates',
    { fields: { 'llama.rope.dimension_count': { uint32: 32 } } },
    /rotates 32 of 64 numbers of a head/u,
  ],
  [
    'two rope tables and no scale of theirs',
    { architecture: 'phi3', more: ropeFactors(1) },
    /does not state phi3\.rope\.scaling\.attn_factor/u,
  ],
  [
    'two rope tables and no length of the first',
    { architecture: 'phi3', more: ropeFactors(1), fields: ATTENTION_FACTOR },
    /has nothing as phi3\.rope\.scaling\.original_context_length/u,
  ],
  [
    'one of two rope tables',
    { architecture: 'phi3', more: ropeFactors(1).slice(1), fields: LONG_ROPE },
    /has no tensor rope_factors_short\.weight/u,
  ],
  [
    'a rope factor of 0',
    { architecture: 'phi3', more: ropeFactors(0), fields: LONG_ROPE },
    /has a factor in rope_factors_short\.weight that is no number above 0/u,
  ],
  [
    'a scaling beside two rope tables',
    {
      architecture: 'phi3',
      more: ropeFactors(1),
      fields: { ...LONG_ROPE, 'phi3.rope.scaling.factor': { float32: 32 } },
    },
    /scales its rope tables by 32 beside LongRoPE/u,
  ],
  [
    'rope tables that no memory holds',
    {
      fields: {
        'llama.context_length': { uint32: 2 ** 20 },
        'llama.attention.key_length': { uint32: 2 ** 20 },
      },
    },
    /needs rope tables of 1048576 x 524288 numbers/u,
  ],
  [
    'a scaling of rope tables that it does not have',
    { fields: { 'llama.rope.scaling.type': { string: 'yarn' } } },
    /scales its rope tables by "yarn"/u,
  ],
  [
    'more heads than keys can be shared among',
    { fields: { 'llama.attention.head_count_kv': { uint32: 3 } } },
    /shares 3 key heads among 4/u,
  ],
  [
    'more layers than it has',
    { fields: { 'llama.block_count': { uint32: 3 } } },
    /has no tensor blk\.2\.attn_norm\.weight/u,
  ],
  [
    'fewer layers than it has',
    { fields: { 'llama.block_count': { uint32: 1 } } },
    /has 9 tensors that its architecture does not have: blk\.1\./u,
  ],
  [
    'another width',
    { fields: { 'llama.feed_forward_length': { uint32: 1024 } } },
    /has blk\.0\.ffn_gate\.weight as \[256, 512\], not \[256, 1024\]/u,
  ],
  [
    'a context of no length',
    { fields: { 'llama.context_length': { uint32: 0 } } },
    /has 0 as llama\.context_length/u,
  ],
  [
    'a context beyond any table',
    { fields: { 'llama.context_length': { uint32: 2 ** 31 } } },
    /has 2147483648 as llama\.context_length; at most/u,
  ],
  [
    'an end that is no token',
    { fields: { 'tokenizer.ggml.eos_token_id': { uint32: 99_999 } } },
    /has 99999 as tokenizer\.ggml\.eos_token_id/u,
  ],
  [
    'a merge that is no pair',
    { fields: { 'tokenizer.ggml.merges': { strings: ['abc'] } } },
    /has the merge "abc"/u,
  ],
  [
    'weights that are not of the architecture',
    {
      more: [
        { name: 'blk.0.attn_q.bias', dims: [256], type: 'F32', bytes: () => new Uint8Array(1024) },
      ],
    },
    /has 1 tensors that its architecture does not have: blk\.0\.attn_q\.bias/u,
  ],
])('a file with %s is refused with the reason', async (_, options, message) => {
  await expect(convert({ type: 'Q8_0', ...options })).rejects.toThrow(message);
});
