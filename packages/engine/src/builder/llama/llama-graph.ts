import { scaleRows } from '../../gguf/weight-blocks.ts';
import type { ProtobufWriter } from '../../onnx-file/protobuf-writer.ts';
import { LOGITS_TO_KEEP } from '../../runtime/graph-shape.ts';
import { graphInputs, graphOutputs } from '../graph-io.ts';
import { weightName } from '../graph-writer.ts';
import { addMaskNodes, type MaskOutputs } from '../mask-nodes.ts';
import { addGatedProduct, addNorm } from '../norm-nodes.ts';
import { addRopeChoice, ROPE_CACHES, valuesOf } from '../rope-choice.ts';
import { ropeTable } from '../rope-table.ts';
import type { BlockWriter, WrittenMatrix } from './block-writer.ts';
import type { LlamaShape } from './llama-shape.ts';
import type { LlamaTensors, Projection, StoredMatrix } from './llama-tensors.ts';

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
  addRopeTables(writer, shape, mask);
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
    const [gate, up] = addGate(writer, `${prefix}/mlp`, between.normed, tensors.gated(layer));
    const product = addGatedProduct(writer, `${prefix}/mlp`, gate, up);
    const down = tensors.matrix(`blk.${layer}.ffn_down.weight`);
    skip = writer.matMul(`${prefix}/mlp/down_proj`, product, down);
  }

  const last = norm(`layers.${shape.layers}/final_norm_layernorm`, 'output_norm');
  addHead(writer, last.normed, shape, head);
  const decoder = { ...shape, hasPositionIds: false, hasLogitsToKeep: true };
  return writer.finish(graphInputs(writer, decoder), graphOutputs(writer, decoder));
}

/** Computes the logits of as many of each sequence's last tokens as the run is told to. */
function addHead(
  writer: BlockWriter,
  normed: string,
  { hiddenSize, vocabularySize }: LlamaShape,
  head: WrittenMatrix,
): void {
  const path = '/lm_head/Kept';
  const sequences = writer.inSequences('/lm_head/Sequences', normed, hiddenSize);
  const start = writer.node('Neg', { name: `${path}/Neg`, inputs: [LOGITS_TO_KEEP] });
  const end = writer.int64('sequence_end', [1], Number.MAX_SAFE_INTEGER);
  const axis = writer.int64('sequence_axis', [1], 1);
  const kept = writer.node('Slice', {
    name: `${path}/Slice`,
    inputs: [sequences, start, end, axis],
  });
  const logits = writer.product('/lm_head', writer.reshape(path, kept, -1, hiddenSize), head);
  const batch = writer.node('Gather', {
    name: `${path}/Batch/Gather`,
    inputs: [writer.shapeOfIds(), writer.int64('first_axis', [1], 0)],
    attributes: { axis: 0 },
  });
  const dims = writer.node('Concat', {
    name: `${path}/Concat`,
    inputs: [batch, LOGITS_TO_KEEP, writer.int64('vocabulary_size', [1], vocabularySize)],
    attributes: { axis: 0 },
  });
  writer.node('Reshape', {
    name: '/lm_head/Logits/Reshape',
    inputs: [logits, dims],
    outputs: ['logits'],
  });
}

/** The head is written beside the embedding, so that weights which they share are read once. */
function addEmbedding(
  writer: BlockWriter,
  shape: LlamaShape,
  tensors: LlamaTensors,
): { root: string; head: WrittenMatrix } {
  const embedding = writer.toBlocks(tensors.matrix('token_embd.weight'));
  const ids = writer.reshape('/model/embed_tokens/Tokens', 'input_ids', -1);
  const root = writer.embedding('/model/embed_tokens/Gather', ids, embedding);
  const head = shape.isTied ? embedding : writer.toBlocks(tensors.matrix('output.weight'));
  return { root, head: writer.write('/lm_head', head) };
}

/** The gate and what it opens, from one product if `matrices` is one. */
function addGate(
  writer: BlockWriter,
  prefix: string,
  input: string,
  matrices: readonly StoredMatrix[],
): [gate: string, up: string] {
  const names = matrices.length === 1 ? ['gate_up_proj'] : ['gate_proj', 'up_proj'];
  const [first = '', second] = matrices.map((matrix, at) =>
    writer.matMul(`${prefix}/${names[at]}`, input, matrix),
  );
  if (second !== undefined) return [first, second];
  const halves: [string, string] = [`${prefix}/gate`, `${prefix}/up`];
  writer.node('Split', {
    name: `${prefix}/Split`,
    inputs: [first],
    outputs: halves,
    attributes: { axis: -1 },
  });
  return halves;
}

/**
 * The scores of a query are scaled in its weights, not by the operator, whose kernel for a single
 * query computes only unscaled products.
 */
function addAttention(
  writer: BlockWriter,
  shape: LlamaShape,
  tensors: LlamaTensors,
  { layer, input, mask }: { layer: number; input: string; mask: MaskOutputs },
): string {
  const { heads, cacheHeads, headSize } = shape;
  const prefix = `/model/layers.${layer}/attn`;
  const projections = tensors.attention(layer);
  const names = projections.length === 1 ? ['qkv_proj'] : ['q_proj', 'k_proj', 'v_proj'];
  const [first = '', second = '', third = ''] = projections.map((projection, at) =>
    addProjection(writer, `${prefix}/${names[at]}`, input, projection, 1 / Math.sqrt(headSize)),
  );
  const name = `${prefix}/GroupQueryAttention`;
  const attended = writer.node('GroupQueryAttention', {
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
      ...(heads === cacheHeads ? [] : ['', '', addNoSinks(writer, heads)]),
    ],
    outputs: [`${name}/output_0`, `present.${layer}.key`, `present.${layer}.value`],
    domain: 'com.microsoft',
    attributes: {
      num_heads: heads,
      kv_num_heads: cacheHeads,
      scale: { float: 1 },
      local_window_size: shape.window ?? -1,
      softcap: { float: 0 },
      do_rotary: 1,
      rotary_interleaved: 0,
    },
  });
  return writer.reshape(`${name}/Tokens`, attended, -1, heads * headSize);
}

function addProjection(
  writer: BlockWriter,
  path: string,
  input: string,
  { matrix, queryRows, bias }: Projection,
  factor: number,
): string {
  const { blocks, ...stored } = writer.toBlocks(matrix);
  const queries = { rows: queryRows, columns: stored.inputs, factor };
  const written = writer.write(path, { ...stored, blocks: scaleRows(blocks, queries) });
  let product = writer.product(path, input, written);
  if (bias) {
    const scaled = bias.map((value, row) => (row < queryRows ? factor * value : value));
    const added = writer.floats(`${weightName(path)}.bias`, [bias.length], scaled);
    product = writer.node('Add', { name: `${path}/Bias/Add`, inputs: [product, added] });
  }
  return writer.inSequences(`${path}/Sequences`, product, stored.outputs);
}

/**
 * Sinks that take nothing from any score. A node with sinks computes a step's scores with vector
 * kernels (ONNX Runtime 1.30, CPU), which takes two thirds of the time where heads share keys;
 * without shared keys it takes longer.
 */
function addNoSinks(writer: BlockWriter, heads: number): string {
  return writer.once('no_sinks', (name) =>
    writer.floats(name, [heads], new Float32Array(heads).fill(-3e38)),
  );
}

function addRopeTables(writer: BlockWriter, shape: LlamaShape, mask: MaskOutputs): void {
  const { contextLength, rope } = shape;
  const { factors, long } = rope;
  const short = ropeTable({ ...rope, factors, rows: long?.shortTokens ?? contextLength });
  if (long) {
    const table = ropeTable({ ...rope, factors: long.factors, rows: contextLength });
    addRopeChoice(writer, { short, long: table, shortTokens: long.shortTokens }, mask.width);
    return;
  }
  for (const cache of ROPE_CACHES) {
    writer.floats(cache, [short.rows, short.width], valuesOf(cache, short));
  }
}
