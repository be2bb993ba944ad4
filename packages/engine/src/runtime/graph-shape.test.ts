import { expect, test } from 'vitest';

import { type ModelFolder, readModelFolder } from '../folder/model-folder.ts';
import { tinyFolder } from '../testing/tiny-folder.ts';
import { LOGITS_TO_KEEP, readGraphShape, type TensorDescription } from './graph-shape.ts';

const folder = await readModelFolder(await tinyFolder());
type Shape = TensorDescription['shape'];

const CACHE: Shape = [undefined, 8, undefined, 16];

/** The inputs and outputs of the tiny model, with some of them changed. */
function describe(changes: Record<string, Partial<TensorDescription>> = {}) {
  const tensor = (name: string, type: string, shape: Shape): TensorDescription => ({
    name,
    type,
    shape,
    ...changes[name],
  });
  const parts = [0, 1].flatMap((layer) => [`${layer}.key`, `${layer}.value`]);
  return {
    inputs: [
      tensor('input_ids', 'int64', [undefined, undefined]),
      tensor('attention_mask', 'int64', [undefined, undefined]),
      ...parts.map((part) => tensor(`past_key_values.${part}`, 'float32', CACHE)),
    ],
    outputs: [
      tensor('logits', 'float32', [undefined, undefined, 1088]),
      ...parts.map((part) => tensor(`present.${part}`, 'float32', CACHE)),
    ],
  };
}

const open: Shape = [undefined, 8, undefined, undefined];
const everyCache = (shape: Shape) =>
  Object.fromEntries(
    ['0.key', '0.value', '1.key', '1.value'].map((part) => [`past_key_values.${part}`, { shape }]),
  );

test('a size that the graph leaves open comes from the configuration', () => {
  expect(readGraphShape(describe(everyCache(open)), folder)).toMatchObject({
    heads: 8,
    headSize: 16,
  });
});

test.each<[string, Shape, readonly 1[]]>([
  ['a scalar', [], []],
  ['a list', [1], [1]],
])('the number of logits to keep may be %s', (_, shape, expected) => {
  const graph = describe();
  const input = { name: LOGITS_TO_KEEP, type: 'int64', shape };
  const withInput = { ...graph, inputs: [...graph.inputs, input] };
  expect(readGraphShape(graph, folder).logitsToKeep).toBeUndefined();
  expect(readGraphShape(withInput, folder).logitsToKeep).toEqual(expected);
});

test('logits may have another precision than caches', () => {
  const shape = readGraphShape(describe({ logits: { type: 'float16' } }), folder);
  expect(shape).toMatchObject({ cacheType: 'float32', logitsType: 'float16' });
});

test.each<[string, ReturnType<typeof describe>, Partial<ModelFolder>, RegExp]>([
  [
    'ids of int32',
    describe({ input_ids: { type: 'int32' } }),
    {},
    /takes input_ids as int32; only int64 is supported. Choose another build/u,
  ],
  [
    'a mask of int32',
    describe({ attention_mask: { type: 'int32' } }),
    {},
    /attention_mask as int32/u,
  ],
  [
    'a cache of bfloat16',
    describe({ 'past_key_values.0.key': { type: 'bfloat16' } }),
    {},
    /cache past_key_values.0.key of bfloat16 .*only float32 and float16/u,
  ],
  [
    'caches of different types',
    describe({ 'past_key_values.1.value': { type: 'float16' } }),
    {},
    /past_key_values.1.value of float16 .* beside past_key_values.0.key of float32/u,
  ],
  [
    'a cache size that is stated nowhere',
    describe(everyCache(open)),
    { headSize: undefined },
    /leaves the size of its cache open .*Copy the genai_config.json/u,
  ],
  [
    'a cache of another size than the configuration',
    describe(),
    { headSize: 96 },
    /but the configuration states 8 heads of 96; the files belong to different models/u,
  ],
  ['logits of bfloat16', describe({ logits: { type: 'bfloat16' } }), {}, /logits of bfloat16/u],
  [
    'fewer embeddings than logits',
    describe(),
    { embeddingRows: 1000 },
    /has embeddings for 1000 ids, but logits for 1088/u,
  ],
])('%s is refused as a fault of the model', (_, graph, changes, message) => {
  expect(() => readGraphShape(graph, { ...folder, ...changes })).toThrow(
    expect.objectContaining({ kind: 'model', message: expect.stringMatching(message) }),
  );
});
