import type { MaskOutputs } from '../mask-nodes.ts';
import { headSize, type ModelSize } from '../model-size.ts';
import { ROPE_CACHES } from '../rope-choice.ts';
import type { PhiWriter } from './phi-writer.ts';

const SLIDING_WINDOW = 262_144;

export type AttentionOptions = {
  layer: number;
  input: string;
  /** The rows of queries, keys and values in one matrix, `[3 x hidden, hidden]`. */
  weights: Float32Array;
  mask: MaskOutputs;
  /** The positions input of the `gpu` form, which rotates queries and keys in separate nodes. */
  positions: string | undefined;
};

/** Attention of one layer, without its output projection. */
export function addAttention(
  writer: PhiWriter,
  size: ModelSize,
  options: AttentionOptions,
): string {
  const { layer, mask, positions } = options;
  return writer.node('GroupQueryAttention', {
    name: `/model/layers.${layer}/attn/GroupQueryAttention`,
    inputs: [
      ...(positions === undefined
        ? packedInput(writer, size, options)
        : turnedInputs(writer, size, options)),
      `past_key_values.${layer}.key`,
      `past_key_values.${layer}.value`,
      mask.lengths,
      mask.total,
      ...(positions === undefined ? ROPE_CACHES : []),
    ],
    outputs: [
      `/model/layers.${layer}/attn/GroupQueryAttention/output_0`,
      `present.${layer}.key`,
      `present.${layer}.value`,
    ],
    domain: 'com.microsoft',
    attributes: {
      num_heads: size.heads,
      kv_num_heads: size.heads,
      scale: { float: 1 / Math.sqrt(headSize(size)) },
      local_window_size: SLIDING_WINDOW,
      softcap: { float: 0 },
      do_rotary: positions === undefined ? 1 : 0,
      rotary_interleaved: 0,
    },
  });
}

function packedInput(writer: PhiWriter, size: ModelSize, options: AttentionOptions): string[] {
  const { layer, input, weights } = options;
  const { hiddenSize } = size;
  const matrix = { weights, outputs: 3 * hiddenSize, inputs: hiddenSize };
  return [writer.matMul(`/model/layers.${layer}/attn/qkv_proj`, input, matrix), '', ''];
}

function turnedInputs(writer: PhiWriter, size: ModelSize, options: AttentionOptions): string[] {
  const { layer, input, weights, positions = '' } = options;
  const { hiddenSize } = size;
  const part = hiddenSize * hiddenSize;
  return ['q', 'k', 'v'].map((letter, index) => {
    const projected = writer.matMul(`/model/layers.${layer}/attn/${letter}_proj`, input, {
      weights: weights.subarray(index * part, (index + 1) * part),
      outputs: hiddenSize,
      inputs: hiddenSize,
    });
    if (letter === 'v') return projected;
    return writer.node('RotaryEmbedding', {
      name: `/model/layers.${layer}/attn/${letter}_rotary/RotaryEmbedding`,
      inputs: [projected, positions, ...ROPE_CACHES],
      domain: 'com.microsoft',
      attributes: { interleaved: 0 },
    });
  });
}
