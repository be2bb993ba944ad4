import type { ProtobufWriter } from '../../onnx-file/protobuf-writer.ts';
import { graphInputs, graphOutputs } from '../graph-io.ts';
import { addMaskNodes } from '../mask-nodes.ts';
import { headSize, type ModelSize } from '../model-size.ts';
import { addGatedProduct, addNorm } from '../norm-nodes.ts';
import { addRopeChoice } from '../rope-choice.ts';
import type { TensorSink } from '../tensor-file.ts';
import { addAttention } from './attention-nodes.ts';
import type { PhiWeights } from './phi-weights.ts';
import { PhiWriter } from './phi-writer.ts';
import { addRopePositions } from './rope-positions.ts';
import { ropeTables } from './rope-tables.ts';

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
  const writer = new PhiWriter(size, tensors);
  const mask = addMaskNodes(writer);
  const tables = ropeTables(size);
  const positions = size.variant === 'gpu' ? addRopePositions(writer, tables) : undefined;
  if (!positions) addRopeChoice(writer, tables, mask.width);

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
  const norm = (path: string) => {
    const weight = weights.norm(path.replaceAll('/', '.'));
    return addNorm(writer, { path, weight, epsilon: 1e-5, root, skip });
  };

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
  const shape = {
    layers,
    cacheHeads: size.heads,
    headSize: headSize(size),
    vocabularySize,
    hasPositionIds: size.variant === 'gpu',
    hasLogitsToKeep: false,
  };
  return writer.finish(graphInputs(writer, shape), graphOutputs(writer, shape));
}

function addFeedForward(
  writer: PhiWriter,
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
  const product = addGatedProduct(writer, prefix, gate, up);
  return writer.matMul(`${prefix}/down_proj`, product, {
    weights: weights.down(layer),
    outputs: hiddenSize,
    inputs: intermediateSize,
  });
}
