import { valueInfo } from '../../onnx-file/onnx-format.ts';
import type { ProtobufWriter } from '../../onnx-file/protobuf-writer.ts';
import { GraphWriter, outputOf } from '../graph-writer.ts';
import { headSize, type ModelSize } from '../model-size.ts';
import type { TensorSink } from '../tensor-file.ts';
import { addAttention } from './attention-nodes.ts';
import { addMaskNodes } from './mask-nodes.ts';
import type { PhiWeights } from './phi-weights.ts';
import { addRopeChoice, addRopePositions } from './rope-nodes.ts';

/**
 * Writes the graph of Phi-3.5-mini as in its published builds, operator for operator, with their
 * inputs and outputs, at any size. `cpu` rotates queries and keys inside attention and chooses the
 * LongRoPE table by the mask's width; `gpu` takes `position_ids` and rotates them in separate
 * nodes.
 */
export function phiGraph(
  size: ModelSize,
  weights: PhiWeights,
  tensors: TensorSink,
): ProtobufWriter {
  const { hiddenSize, vocabularySize, layers } = size;
  const writer = new GraphWriter(size, tensors);
  const mask = addMaskNodes(writer);
  const positions = size.variant === 'gpu' ? addRopePositions(writer, size) : undefined;
  if (!positions) addRopeChoice(writer, size, mask.width);

  const embedding = writer.floats(
    'model.embed_tokens.weight',
    [vocabularySize, hiddenSize],
    weights.embedding(),
  );
  let root = writer.node('Gather', {
    name: '/model/embed_tokens/Gather',
    inputs: [embedding, 'input_ids'],
  });
  let skip: string | undefined;
  const norm = (path: string) => addNorm(writer, path, weights, { root, skip });

  for (let layer = 0; layer < layers; layer += 1) {
    const before = norm(`layers.${layer}/input_layernorm`);
    const attended = addAttention(writer, size, {
      layer,
      input: before.normed,
      weights: weights.attentionInput(layer),
      mask,
      positions,
    });
    root = before.sum;
    skip = writer.matMul(`/model/layers.${layer}/attn/o_proj`, attended, {
      weights: weights.attentionOutput(layer),
      outputs: hiddenSize,
      inputs: hiddenSize,
    });
    const between = norm(`layers.${layer}/post_attention_layernorm`);
    root = between.sum;
    skip = addFeedForward(writer, size, weights, layer, between.normed);
  }

  const last = norm(`layers.${layers}/final_norm_layernorm`);
  const head = { weights: weights.head(), outputs: vocabularySize, inputs: hiddenSize };
  writer.matMul('/lm_head', last.normed, head, 'logits');
  return writer.finish(graphInputs(writer, size), graphOutputs(writer, size));
}

/** Adds `skip` to the residual if it is given; `sum` is the residual from there on. */
function addNorm(
  writer: GraphWriter,
  path: string,
  weights: PhiWeights,
  { root, skip }: { root: string; skip: string | undefined },
): { normed: string; sum: string } {
  const weightName = path.replaceAll('/', '.');
  const values = weights.norm(weightName);
  const weight = writer.floats(`model.${weightName}.weight`, [values.length], values);
  const epsilon = { float: 1e-5 };
  if (skip === undefined) {
    const normed = writer.node('SimplifiedLayerNormalization', {
      name: `/model/${path}/LayerNorm`,
      inputs: [root, weight],
      attributes: { axis: -1, epsilon, stash_type: 1 },
    });
    return { normed, sum: root };
  }
  const name = `/model/${path}/SkipLayerNorm`;
  const sum = `${name}/output_3`;
  const normed = writer.node('SkipSimplifiedLayerNormalization', {
    name,
    inputs: [root, skip, weight],
    outputs: [outputOf(name), '', '', sum],
    domain: 'com.microsoft',
    attributes: { epsilon },
  });
  return { normed, sum };
}

function addFeedForward(
  writer: GraphWriter,
  size: ModelSize,
  weights: PhiWeights,
  layer: number,
  input: string,
): string {
  const { hiddenSize, intermediateSize } = size;
  const prefix = `/model/layers.${layer}/mlp`;
  const wide = { outputs: intermediateSize, inputs: hiddenSize };
  const gate = writer.matMul(`${prefix}/gate_proj`, input, {
    weights: weights.gate(layer),
    ...wide,
  });
  const up = writer.matMul(`${prefix}/up_proj`, input, { weights: weights.up(layer), ...wide });
  const sigmoid = writer.node('Sigmoid', { name: `${prefix}/act_fn/Sigmoid`, inputs: [gate] });
  const silu = writer.node('Mul', { name: `${prefix}/act_fn/Mul`, inputs: [gate, sigmoid] });
  const product = writer.node('Mul', { name: `${prefix}/Mul`, inputs: [silu, up] });
  return writer.matMul(`${prefix}/down_proj`, product, {
    weights: weights.down(layer),
    outputs: hiddenSize,
    inputs: intermediateSize,
  });
}

function graphInputs(writer: GraphWriter, size: ModelSize): ProtobufWriter[] {
  const ids = (name: string, length: string) => valueInfo(name, 'int64', ['batch_size', length]);
  return [
    ids('input_ids', 'sequence_length'),
    ids('attention_mask', 'total_sequence_length'),
    ...(size.variant === 'gpu' ? [ids('position_ids', 'sequence_length')] : []),
    ...caches(writer, size, 'past_key_values', 'past_sequence_length'),
  ];
}

function graphOutputs(writer: GraphWriter, size: ModelSize): ProtobufWriter[] {
  const shape = ['batch_size', 'sequence_length', size.vocabularySize];
  return [
    valueInfo('logits', writer.type, shape),
    ...caches(writer, size, 'present', 'total_sequence_length'),
  ];
}

function caches(
  writer: GraphWriter,
  size: ModelSize,
  name: string,
  length: string,
): ProtobufWriter[] {
  const shape = ['batch_size', size.heads, length, headSize(size)];
  return Array.from({ length: size.layers }, (_, layer) => [
    valueInfo(`${name}.${layer}.key`, writer.type, shape),
    valueInfo(`${name}.${layer}.value`, writer.type, shape),
  ]).flat();
}
