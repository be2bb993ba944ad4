/**
 * Writes the weights of a built model in the form that PyTorch's `Phi3ForCausalLM` loads, float32,
 * beside the configuration of its folder. Source of the format:
 * https://github.com/huggingface/safetensors#format.
 */
import { closeSync, openSync, writeSync } from 'node:fs';

import { toBytes } from '../src/builder/matrix-formats.ts';
import type { ModelSize } from '../src/builder/model-size.ts';
import { buildTokenizer } from '../src/builder/phi3/build-tokenizer.ts';
import { type PhiWeights, phiWeights } from '../src/builder/phi3/phi-weights.ts';

type Tensor = { name: string; shape: readonly number[]; values: () => Float32Array };

const FLOAT_BYTES = 4;

export function writeSafetensors(path: string, size: ModelSize): void {
  const tensors = tensorsOf(size, phiWeights(size, buildTokenizer(size.vocabularySize)));
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  for (const { name, shape } of tensors) {
    const start = offset;
    offset += FLOAT_BYTES * shape.reduce((product, dim) => product * dim, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [start, offset] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = openSync(path, 'w');
  try {
    writeSync(file, Buffer.concat([length, json]));
    for (const { values } of tensors) writeAll(file, toBytes(values()));
  } finally {
    closeSync(file);
  }
}

function tensorsOf(size: ModelSize, weights: PhiWeights): Tensor[] {
  const { hiddenSize: hidden, intermediateSize: wide, vocabularySize: rows, layers } = size;
  const layer = (index: number): Tensor[] => {
    const prefix = `layers.${index}`;
    const norm = (name: string): Tensor => ({
      name: `model.${prefix}.${name}.weight`,
      shape: [hidden],
      values: () => weights.norm(`${prefix}.${name}`),
    });
    const matrix = (
      name: string,
      shape: readonly number[],
      values: () => Float32Array,
    ): Tensor => ({
      name: `model.${prefix}.${name}.weight`,
      shape,
      values,
    });
    return [
      norm('input_layernorm'),
      matrix('self_attn.qkv_proj', [3 * hidden, hidden], () => weights.attentionInput(index)),
      matrix('self_attn.o_proj', [hidden, hidden], () => weights.attentionOutput(index)),
      norm('post_attention_layernorm'),
      matrix('mlp.gate_up_proj', [2 * wide, hidden], () =>
        joined(weights.gate(index), weights.up(index)),
      ),
      matrix('mlp.down_proj', [hidden, wide], () => weights.down(index)),
    ];
  };
  return [
    { name: 'model.embed_tokens.weight', shape: [rows, hidden], values: () => weights.embedding() },
    ...Array.from({ length: layers }, (_, index) => layer(index)).flat(),
    {
      name: 'model.norm.weight',
      shape: [hidden],
      values: () => weights.norm(`layers.${layers}.final_norm_layernorm`),
    },
    { name: 'lm_head.weight', shape: [rows, hidden], values: () => weights.head() },
  ];
}

/** The rows of the first matrix, then those of the second. */
export function joined(first: Float32Array, second: Float32Array): Float32Array {
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** One call writes 2 GB at most. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}
