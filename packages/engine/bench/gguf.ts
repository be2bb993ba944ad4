/**
 * Writes the weights of a built fp32 or int4 model as a GGUF file of architecture `phi3`, so
 * llama.cpp computes with exactly the numbers of the ONNX folder. Source of the format:
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (version 3).
 */
import { closeSync, openSync, writeSync } from 'node:fs';

import { toBytes, toHalves, toInt4 } from '../src/builder/matrix-formats.ts';
import { headSize, type ModelSize } from '../src/builder/model-size.ts';
import { buildTokenizer } from '../src/builder/phi3/build-tokenizer.ts';
import { phiWeights } from '../src/builder/phi3/phi-weights.ts';
import { ROPE_THETA, ropeFactors } from '../src/builder/phi3/rope-tables.ts';
import { joined } from './write-safetensors.ts';

const TYPE = { uint32: 4, float32: 6, text: 8, list: 9 } as const;
const TENSOR_TYPE = { F32: 0, Q4_0: 2 } as const;
const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, unused: 5, byte: 6 } as const;
const ALIGNMENT = 32;
/** Weights that share a scale in Q4_0. */
const BLOCK = 32;

type Tensor = {
  name: string;
  /** The fastest dimension first. */
  dims: readonly number[];
  type: number;
  bytes: () => Uint8Array;
  byteLength: number;
};

/** Throws if the size is not one that both formats can represent. */
export function writeGguf(path: string, size: ModelSize): void {
  const isQ4 = size.precision === 'int4' && size.quantizer === 'rtn' && size.blockSize === BLOCK;
  if (!isQ4 && size.precision !== 'fp32') {
    throw new RangeError('Only fp32, and symmetric int4 of block size 32, have a form in GGUF.');
  }
  const tensors = tensorsOf(size);
  const head: Buffer[] = [Buffer.from('GGUF'), uint32(3), uint64(tensors.length)];
  const fields = fieldsOf(size);
  head.push(uint64(fields.length), ...fields);
  let offset = 0;
  for (const { name, dims, type, byteLength } of tensors) {
    head.push(text(name), uint32(dims.length), ...dims.map(uint64), uint32(type), uint64(offset));
    offset += aligned(byteLength);
  }
  const file = openSync(path, 'w');
  try {
    const start = Buffer.concat(head);
    writeSync(file, Buffer.concat([start, Buffer.alloc(aligned(start.length) - start.length)]));
    for (const { bytes, byteLength } of tensors) {
      writeSync(file, bytes());
      writeSync(file, Buffer.alloc(aligned(byteLength) - byteLength));
    }
  } finally {
    closeSync(file);
  }
}

function fieldsOf(size: ModelSize): Buffer[] {
  const growth = size.maxPositions / size.originalMaxPositions;
  const { tokens, scores, types, ids } = vocabularyOf(size);
  const number = (key: string, value: number) =>
    Buffer.concat([text(`phi3.${key}`), uint32(TYPE.uint32), uint32(value)]);
  const float = (key: string, value: number) =>
    Buffer.concat([text(`phi3.${key}`), uint32(TYPE.float32), float32(value)]);
  const word = (key: string, value: string) =>
    Buffer.concat([text(key), uint32(TYPE.text), text(value)]);
  const list = (key: string, type: number, items: readonly Buffer[]) =>
    Buffer.concat([text(key), uint32(TYPE.list), uint32(type), uint64(items.length), ...items]);
  const id = (key: string, value: number) =>
    Buffer.concat([text(`tokenizer.ggml.${key}`), uint32(TYPE.uint32), uint32(value)]);
  return [
    word('general.architecture', 'phi3'),
    word('general.name', 'built'),
    number('context_length', size.maxPositions),
    number('rope.scaling.original_context_length', size.originalMaxPositions),
    float(
      'rope.scaling.attn_factor',
      Math.sqrt(1 + Math.log(growth) / Math.log(size.originalMaxPositions)),
    ),
    number('embedding_length', size.hiddenSize),
    number('feed_forward_length', size.intermediateSize),
    number('block_count', size.layers),
    number('attention.head_count', size.heads),
    number('attention.head_count_kv', size.heads),
    float('attention.layer_norm_rms_epsilon', 1e-5),
    number('rope.dimension_count', headSize(size)),
    float('rope.freq_base', ROPE_THETA),
    word('tokenizer.ggml.model', 'llama'),
    list('tokenizer.ggml.tokens', TYPE.text, tokens.map(text)),
    list('tokenizer.ggml.scores', TYPE.float32, scores.map(float32)),
    list('tokenizer.ggml.token_type', TYPE.uint32 + 1, types.map(uint32)),
    id('bos_token_id', ids.bos),
    id('eos_token_id', ids.eos),
    id('unknown_token_id', 0),
  ];
}

function vocabularyOf(size: ModelSize) {
  const built = buildTokenizer(size.vocabularySize);
  const model = built.json['model'] as { vocab: Record<string, number> };
  const added = built.json['added_tokens'] as { id: number; content: string }[];
  const tokens = Array.from({ length: size.vocabularySize }, (_, at) => `[PAD${at}]`);
  const types: number[] = tokens.map(() => TOKEN_TYPE.unused);
  for (const [token, at] of Object.entries(model.vocab)) {
    tokens[at] = token;
    types[at] = /^<0x[0-9A-F]{2}>$/u.test(token) ? TOKEN_TYPE.byte : TOKEN_TYPE.normal;
  }
  for (const { id, content } of added) {
    tokens[id] = content;
    types[id] = content === '<unk>' ? TOKEN_TYPE.unknown : TOKEN_TYPE.control;
  }
  const ids = { bos: built.idOf('<s>'), eos: built.idOf('<|endoftext|>') };
  return { tokens, types, scores: tokens.map((_, at) => -at), ids };
}

function tensorsOf(size: ModelSize): Tensor[] {
  const { hiddenSize: hidden, intermediateSize: wide, vocabularySize: rows, layers } = size;
  const weights = phiWeights(size, buildTokenizer(rows));
  const factors = ropeFactors(headSize(size) / 2);
  const floats = (name: string, dims: readonly number[], values: () => Float32Array): Tensor => ({
    name,
    dims,
    type: TENSOR_TYPE.F32,
    bytes: () => toBytes(values()),
    byteLength: 4 * dims.reduce((product, dim) => product * dim, 1),
  });
  const matrix = (
    name: string,
    inputs: number,
    outputs: number,
    values: () => Float32Array,
  ): Tensor =>
    size.precision === 'fp32'
      ? floats(name, [inputs, outputs], values)
      : {
          name,
          dims: [inputs, outputs],
          type: TENSOR_TYPE.Q4_0,
          bytes: () => toQ4(values(), outputs, inputs),
          byteLength: (inputs * outputs * (2 + BLOCK / 2)) / BLOCK,
        };
  const layerTensors = (layer: number): Tensor[] => {
    const name = (part: string) => `blk.${layer}.${part}.weight`;
    return [
      floats(name('attn_norm'), [hidden], () => weights.norm(`layers.${layer}.input_layernorm`)),
      matrix(name('attn_qkv'), hidden, 3 * hidden, () => weights.attentionInput(layer)),
      matrix(name('attn_output'), hidden, hidden, () => weights.attentionOutput(layer)),
      floats(name('ffn_norm'), [hidden], () =>
        weights.norm(`layers.${layer}.post_attention_layernorm`),
      ),
      matrix(name('ffn_up'), hidden, 2 * wide, () =>
        joined(weights.gate(layer), weights.up(layer)),
      ),
      matrix(name('ffn_down'), wide, hidden, () => weights.down(layer)),
    ];
  };
  return [
    floats('token_embd.weight', [hidden, rows], () => weights.embedding()),
    floats('output_norm.weight', [hidden], () =>
      weights.norm(`layers.${layers}.final_norm_layernorm`),
    ),
    matrix('output.weight', hidden, rows, () => weights.head()),
    floats('rope_factors_long.weight', [factors.long.length], () =>
      Float32Array.from(factors.long),
    ),
    floats('rope_factors_short.weight', [factors.short.length], () =>
      Float32Array.from(factors.short),
    ),
    ...Array.from({ length: layers }, (_, layer) => layerTensors(layer)).flat(),
  ];
}

/** Blocks of a half-precision scale and 32 nibbles: the first 16 weights low, the last 16 high. */
function toQ4(values: Float32Array, outputs: number, inputs: number): Uint8Array {
  const { packed, scales } = toInt4(values, outputs, inputs, BLOCK);
  const halves = toHalves(scales);
  const bytes = new Uint8Array(halves.length * (2 + BLOCK / 2));
  const nibble = (index: number) => ((packed[index >> 1] ?? 0) >> (4 * (index & 1))) & 15;
  for (const [block, scale] of halves.entries()) {
    const at = block * (2 + BLOCK / 2);
    bytes[at] = scale & 255;
    bytes[at + 1] = scale >> 8;
    for (let index = 0; index < BLOCK / 2; index += 1) {
      const first = block * BLOCK + index;
      bytes[at + 2 + index] = nibble(first) | (nibble(first + BLOCK / 2) << 4);
    }
  }
  return bytes;
}

const aligned = (length: number) => Math.ceil(length / ALIGNMENT) * ALIGNMENT;

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
}
