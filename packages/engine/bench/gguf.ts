/**
 * Writes the weights of a built fp32 or int4 model as a GGUF file of architecture `phi3`, so
 * llama.cpp computes with exactly the numbers of the ONNX folder.
 */
import { toBytes, toHalves, toInt4 } from '../src/builder/matrix-formats.ts';
import { headSize, type ModelSize } from '../src/builder/model-size.ts';
import { buildTokenizer } from '../src/builder/phi3/build-tokenizer.ts';
import { phiWeights } from '../src/builder/phi3/phi-weights.ts';
import { ROPE_THETA, ropeFactors } from '../src/builder/phi3/rope-tables.ts';
import { type GgufField, type TensorToWrite, writeGgufFile } from '../src/gguf/write-gguf-file.ts';
import { joined } from './write-safetensors.ts';

const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, unused: 5, byte: 6 } as const;
/** Weights that share a scale in Q4_0. */
const BLOCK = 32;

/** Throws if the size is not one that both formats can represent. */
export function writeGguf(path: string, size: ModelSize): void {
  const isQ4 = size.precision === 'int4' && size.quantizer === 'rtn' && size.blockSize === BLOCK;
  if (!isQ4 && size.precision !== 'fp32') {
    throw new RangeError('Only fp32, and symmetric int4 of block size 32, have a form in GGUF.');
  }
  writeGgufFile(path, fieldsOf(size), tensorsOf(size));
}

function fieldsOf(size: ModelSize): Record<string, GgufField> {
  const growth = size.maxPositions / size.originalMaxPositions;
  const attentionFactor = Math.sqrt(1 + Math.log(growth) / Math.log(size.originalMaxPositions));
  const { tokens, scores, types, ids } = vocabularyOf(size);
  return {
    'general.architecture': { string: 'phi3' },
    'general.name': { string: 'built' },
    'phi3.context_length': { uint32: size.maxPositions },
    'phi3.rope.scaling.original_context_length': { uint32: size.originalMaxPositions },
    'phi3.rope.scaling.attn_factor': { float32: attentionFactor },
    'phi3.embedding_length': { uint32: size.hiddenSize },
    'phi3.feed_forward_length': { uint32: size.intermediateSize },
    'phi3.block_count': { uint32: size.layers },
    'phi3.attention.head_count': { uint32: size.heads },
    'phi3.attention.head_count_kv': { uint32: size.heads },
    'phi3.attention.layer_norm_rms_epsilon': { float32: 1e-5 },
    'phi3.rope.dimension_count': { uint32: headSize(size) },
    'phi3.rope.freq_base': { float32: ROPE_THETA },
    'tokenizer.ggml.model': { string: 'llama' },
    'tokenizer.ggml.tokens': { strings: tokens },
    'tokenizer.ggml.scores': { floats: scores },
    'tokenizer.ggml.token_type': { int32s: types },
    'tokenizer.ggml.bos_token_id': { uint32: ids.bos },
    'tokenizer.ggml.eos_token_id': { uint32: ids.eos },
    'tokenizer.ggml.unknown_token_id': { uint32: 0 },
  };
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

function tensorsOf(size: ModelSize): TensorToWrite[] {
  const { hiddenSize: hidden, intermediateSize: wide, vocabularySize: rows, layers } = size;
  const weights = phiWeights(size, buildTokenizer(rows));
  const factors = ropeFactors(headSize(size) / 2);
  const floats = (
    name: string,
    dims: readonly number[],
    values: () => Float32Array,
  ): TensorToWrite => ({ name, dims, type: 'F32', bytes: () => toBytes(values()) });
  const matrix = (
    name: string,
    inputs: number,
    outputs: number,
    values: () => Float32Array,
  ): TensorToWrite =>
    size.precision === 'fp32'
      ? floats(name, [inputs, outputs], values)
      : {
          name,
          dims: [inputs, outputs],
          type: 'Q4_0',
          bytes: () => toQ4(values(), outputs, inputs),
        };
  const layerTensors = (layer: number): TensorToWrite[] => {
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
