import type { ProtobufWriter } from '../../onnx-file/protobuf-writer.ts';
import { graphInputs, graphOutputs } from '../graph-io.ts';
import { weightName } from '../graph-writer.ts';
import { addMaskNodes, type MaskOutputs } from '../mask-nodes.ts';
import { addGatedProduct, addNorm } from '../norm-nodes.ts';
import type { BlockWriter, WrittenMatrix } from './block-writer.ts';
import type { LlamaShape } from './llama-shape.ts';
import type { LlamaTensors } from './llama-tensors.ts';

const ROPE_CACHES = ['cos_cache', 'sin_cache'] as const;

/**
 * Writes the decoder in the form of the published builds: attention over groups of heads that
 * rotates inside, norms that also add the residual, and a head that shares the embedding's weights
 * if the file does.
 */
export function llamaGraph(
  writer: BlockWriter,
  shape: LlamaShape,
  tensors: LlamaTensors,
): ProtobufWriter {
  const mask = addMaskNodes(writer);
  addRopeTables(writer, shape);
  const { root: embedded, head } = addEmbedding(writer, shape, tensors);
  let root = embedded;
  let skip: string | undefined;
  const norm = (path: string, name: string) => {
    const weight = tensors.norm(`${name}.weight`);
    return addNorm(writer, { path, weight, epsilon: shape.normEpsilon, root, skip });
  };

  for (let layer = 0; layer < shape.layers; layer += 1) {
    const prefix = `/model/layers.${layer}`;
    const before = norm(`layers.${layer}/input_layernorm`, `blk.${layer}.attn_norm`);
    const attended = addAttention(writer, shape, tensors, { layer, input: before.normed, mask });
    root = before.sum;
    const output = tensors.matrix(`blk.${layer}.attn_output.weight`);
    skip = writer.matMul(`${prefix}/attn/o_proj`, attended, output);
    const between = norm(`layers.${layer}/post_attention_layernorm`, `blk.${layer}.ffn_norm`);
    root = between.sum;
    const multiply = (name: string, part: string, input: string) =>
      writer.matMul(`${prefix}/mlp/${name}`, input, tensors.matrix(`blk.${layer}.${part}.weight`));
    const gate = multiply('gate_proj', 'ffn_gate', between.normed);
    const up = multiply('up_proj', 'ffn_up', between.normed);
    const product = addGatedProduct(writer, `${prefix}/mlp`, gate, up);
    skip = multiply('down_proj', 'ffn_down', product);
  }

  const last = norm(`layers.${shape.layers}/final_norm_layernorm`, 'output_norm');
  writer.product('/lm_head', last.normed, head, 'logits');
  const decoder = { ...shape, hasPositionIds: false };
  return writer.finish(graphInputs(writer, decoder), graphOutputs(writer, decoder));
}

/** The head is written beside the embedding, so that weights which they share are read once. */
function addEmbedding(
  writer: BlockWriter,
  shape: LlamaShape,
  tensors: LlamaTensors,
): { root: string; head: WrittenMatrix } {
  const embedding = writer.toBlocks(tensors.matrix('token_embd.weight'));
  const root = writer.embedding('/model/embed_tokens/Gather', 'input_ids', embedding);
  const head = shape.isTied ? embedding : writer.toBlocks(tensors.matrix('output.weight'));
  return { root, head: writer.write('/lm_head', head) };
}

function addAttention(
  writer: BlockWriter,
  shape: LlamaShape,
  tensors: LlamaTensors,
  { layer, input, mask }: { layer: number; input: string; mask: MaskOutputs },
): string {
  const prefix = `/model/layers.${layer}/attn`;
  const projections = tensors.attention(layer);
  const names = projections.length === 1 ? ['qkv_proj'] : ['q_proj', 'k_proj', 'v_proj'];
  const [first = '', second = '', third = ''] = projections.map(({ matrix, bias }, at) => {
    const path = `${prefix}/${names[at]}`;
    const product = writer.matMul(path, input, matrix);
    if (!bias) return product;
    const added = writer.floats(`${weightName(path)}.bias`, [bias.length], bias);
    return writer.node('Add', { name: `${path}/Bias/Add`, inputs: [product, added] });
  });
  const name = `${prefix}/GroupQueryAttention`;
  return writer.node('GroupQueryAttention', {
    name,
    inputs: [
      first,
      second,
      third,
      `past_key_values.${layer}.key`,
      `past_key_values.${layer}.value`,
      mask.lengths,
      mask.total,
      ...ROPE_CACHES,
    ],
    outputs: [`${name}/output_0`, `present.${layer}.key`, `present.${layer}.value`],
    domain: 'com.microsoft',
    attributes: {
      num_heads: shape.heads,
      kv_num_heads: shape.cacheHeads,
      scale: { float: 1 / Math.sqrt(shape.headSize) },
      local_window_size: -1,
      softcap: { float: 0 },
      do_rotary: 1,
      rotary_interleaved: 0,
    },
  });
}

function addRopeTables(writer: BlockWriter, shape: LlamaShape): void {
  const { contextLength: rows, ropeFactors, ropeTheta } = shape;
  const width = ropeFactors.length;
  for (const cache of ROPE_CACHES) {
    const turn = cache === 'cos_cache' ? Math.cos : Math.sin;
    const table = new Float32Array(rows * width);
    for (const [column, factor] of ropeFactors.entries()) {
      const frequency = 1 / (factor * ropeTheta ** (column / width));
      for (let row = 0; row < rows; row += 1) table[row * width + column] = turn(row * frequency);
    }
    writer.floats(cache, [rows, width], table);
  }
}
