import { toBytes, toHalves, toInt4, transpose } from './matrix-formats.ts';
import { headSize, ioType, type ModelSize } from './model-size.ts';
import {
  type Attribute,
  type DataType,
  graph,
  inlineTensor,
  node,
  onnxFile,
  type TensorHead,
  valueInfo,
} from './onnx-format.ts';
import type { PhiWeights } from './phi-weights.ts';
import type { ProtobufWriter } from './protobuf-writer.ts';
import { type RopeTable, ropeTables } from './rope-tables.ts';
import type { TensorSink } from './tensor-file.ts';

const MICROSOFT = 'com.microsoft';
const SLIDING_WINDOW = 262_144;
const MASK = '/model/attn_mask_reformat/attn_mask_subgraph';
const ROPE = '/model/rope_caches_subgraph';
const ROPE_CACHES = ['cos_cache', 'sin_cache'] as const;

/**
 * Writes the graph of Phi-3.5-mini as its published builds have it, node for node and name for
 * name, at any size. `cpu` turns queries and keys inside attention and chooses the LongRoPE table by
 * the mask's width in an `If`; `gpu` takes `position_ids`, turns them in nodes of their own, and
 * finds both tables in one, the long one below the short.
 */
export function phiGraph(
  size: ModelSize,
  weights: PhiWeights,
  tensors: TensorSink,
): ProtobufWriter {
  return new PhiGraph(size, weights, tensors).write();
}

class PhiGraph {
  readonly #size: ModelSize;
  readonly #weights: PhiWeights;
  readonly #tensors: TensorSink;
  readonly #type: 'float32' | 'float16';
  readonly #nodes: ProtobufWriter[] = [];
  readonly #initializers: ProtobufWriter[] = [];
  readonly #constants = new Set<string>();

  constructor(size: ModelSize, weights: PhiWeights, tensors: TensorSink) {
    this.#size = size;
    this.#weights = weights;
    this.#tensors = tensors;
    this.#type = ioType(size);
  }

  write(): ProtobufWriter {
    const { layers } = this.#size;
    this.#addMask();
    if (this.#size.variant === 'cpu') this.#addRopeChoice();
    else this.#addRopePositions();

    let root = this.#addEmbedding();
    let skip = '';
    for (let layer = 0; layer < layers; layer += 1) {
      const before = this.#addNorm(`layers.${layer}.input_layernorm`, root, skip);
      const attention = this.#addAttention(layer, before.normed);
      const between = this.#addNorm(
        `layers.${layer}.post_attention_layernorm`,
        before.sum,
        attention,
      );
      skip = this.#addFeedForward(layer, between.normed);
      root = between.sum;
    }
    const last = this.#addNorm(`layers.${layers}.final_norm_layernorm`, root, skip);
    this.#addHead(last.normed);
    return onnxFile(this.#graph());
  }

  /** Row sums less one are the lengths; only they and the width of the mask matter. */
  #addMask(): void {
    this.#node('ReduceSum', {
      name: `${MASK}/ReduceSum`,
      inputs: ['attention_mask', this.#int64('one_axis', [1], [1])],
      attributes: { keepdims: 0 },
    });
    this.#node('Sub', {
      name: `${MASK}/Sub`,
      inputs: [out(`${MASK}/ReduceSum`), this.#int64('one', [1], [1])],
    });
    this.#node('Cast', {
      name: `${MASK}/Sub/Cast`,
      inputs: [out(`${MASK}/Sub`)],
      attributes: { to: 6 },
    });
    this.#node('Shape', { name: `${MASK}/Shape`, inputs: ['attention_mask'] });
    this.#node('Gather', {
      name: `${MASK}/Gather`,
      inputs: [out(`${MASK}/Shape`), this.#int64('one_scalar', [], [1])],
      attributes: { axis: 0 },
    });
    this.#node('Cast', {
      name: `${MASK}/Gather/Cast`,
      inputs: [out(`${MASK}/Gather`)],
      attributes: { to: 6 },
    });
  }

  #addRopeChoice(): void {
    const { short, long } = ropeTables(this.#size);
    this.#node('Greater', {
      name: `${ROPE}/Greater`,
      inputs: [
        out(`${MASK}/Gather`),
        this.#int64('original_max_positions', [], [this.#size.originalMaxPositions]),
      ],
    });
    this.#node('If', {
      name: `${ROPE}/If`,
      inputs: [out(`${ROPE}/Greater`)],
      outputs: ROPE_CACHES,
      attributes: {
        then_branch: { graph: this.#ropeBranch('large', long) },
        else_branch: { graph: this.#ropeBranch('small', short) },
      },
    });
  }

  #ropeBranch(name: string, table: RopeTable): ProtobufWriter {
    const width = headSize(this.#size) / 2;
    const constants = ROPE_CACHES.map((cache) => {
      const output = `${cache}_${name}`;
      const head: TensorHead = { name: output, type: this.#type, dims: [table.rows, width] };
      const values = cache === 'cos_cache' ? table.cos : table.sin;
      const tensor = inlineTensor(head, this.#inType(values));
      const constant = node('Constant', {
        name: `${ROPE}/${output}/Constant`,
        inputs: [],
        outputs: [output],
        attributes: { value: { tensor } },
      });
      return { constant, output: valueInfo(output, this.#type, ['max_sequence_length', width]) };
    });
    return graph({
      name: `${name}_rotary_emb_caches_graph`,
      nodes: constants.map(({ constant }) => constant),
      initializers: [],
      inputs: [],
      outputs: constants.map(({ output }) => output),
    });
  }

  #addRopePositions(): void {
    const { short, long } = ropeTables(this.#size);
    const width = headSize(this.#size) / 2;
    const rows = short.rows + long.rows;
    for (const cache of ROPE_CACHES) {
      const pick = (table: RopeTable) => (cache === 'cos_cache' ? table.cos : table.sin);
      const both = new Float32Array(rows * width);
      both.set(pick(short));
      both.set(pick(long), short.rows * width);
      this.#tensor({ name: cache, type: this.#type, dims: [rows, width] }, this.#inType(both));
    }
    const start = this.#int64('original_max_positions', [1], [this.#size.originalMaxPositions]);
    this.#node('ReduceMax', {
      name: `${ROPE}/ReduceMax`,
      inputs: ['position_ids'],
      attributes: { keepdims: 0 },
    });
    this.#node('GreaterOrEqual', {
      name: `${ROPE}/GreaterOrEqual`,
      inputs: [out(`${ROPE}/ReduceMax`), start],
    });
    this.#node('Cast', {
      name: `${ROPE}/Cast`,
      inputs: [out(`${ROPE}/GreaterOrEqual`)],
      attributes: { to: 7 },
    });
    this.#node('Mul', { name: `${ROPE}/Mul`, inputs: [out(`${ROPE}/Cast`), start] });
    this.#node('Add', {
      name: `${ROPE}/Add`,
      inputs: ['position_ids', out(`${ROPE}/Mul`)],
      outputs: ['rope_positions'],
    });
  }

  #addEmbedding(): string {
    const { vocabularySize, hiddenSize } = this.#size;
    const head: TensorHead = {
      name: 'model.embed_tokens.weight',
      type: this.#type,
      dims: [vocabularySize, hiddenSize],
    };
    this.#tensor(head, this.#inType(this.#weights.embedding()));
    return this.#node('Gather', {
      name: '/model/embed_tokens/Gather',
      inputs: [head.name, 'input_ids'],
    });
  }

  /** Adds `skip` where there is one, and hands the sum on as the residual. */
  #addNorm(place: string, root: string, skip: string): { normed: string; sum: string } {
    const weight = `model.${place}.weight`;
    this.#tensor(
      { name: weight, type: this.#type, dims: [this.#size.hiddenSize] },
      this.#inType(this.#weights.norm(place)),
    );
    const epsilon = { float: 1e-5 };
    if (skip === '') {
      const normed = this.#node('SimplifiedLayerNormalization', {
        name: `/model/${place}/LayerNorm`,
        inputs: [root, weight],
        attributes: { axis: -1, epsilon, stash_type: 1 },
      });
      return { normed, sum: root };
    }
    const name = `/model/${place}/SkipLayerNorm`;
    const sum = `${name}/output_3`;
    const normed = this.#node('SkipSimplifiedLayerNormalization', {
      name,
      inputs: [root, skip, weight],
      outputs: [out(name), '', '', sum],
      domain: MICROSOFT,
      attributes: { epsilon },
    });
    return { normed, sum };
  }

  #addAttention(layer: number, input: string): string {
    const { hiddenSize, heads, variant } = this.#size;
    const place = `layers.${layer}.attn`;
    const turned =
      variant === 'cpu' ? this.#packedInput(layer, input) : this.#turnedInputs(layer, input);
    const attention = `/model/${place}/GroupQueryAttention`;
    this.#node('GroupQueryAttention', {
      name: attention,
      inputs: [
        ...turned,
        `past_key_values.${layer}.key`,
        `past_key_values.${layer}.value`,
        out(`${MASK}/Sub/Cast`),
        out(`${MASK}/Gather/Cast`),
        ...(variant === 'cpu' ? ROPE_CACHES : []),
      ],
      outputs: [out(attention), `present.${layer}.key`, `present.${layer}.value`],
      domain: MICROSOFT,
      attributes: {
        num_heads: heads,
        kv_num_heads: heads,
        scale: { float: 1 / Math.sqrt(headSize(this.#size)) },
        local_window_size: SLIDING_WINDOW,
        softcap: { float: 0 },
        do_rotary: variant === 'cpu' ? 1 : 0,
        rotary_interleaved: 0,
      },
    });
    const weights = this.#weights.attentionOutput(layer);
    return this.#matMul(`${place}.o_proj`, out(attention), weights, hiddenSize, hiddenSize);
  }

  #packedInput(layer: number, input: string): string[] {
    const { hiddenSize } = this.#size;
    const weights = this.#weights.attentionInput(layer);
    const place = `layers.${layer}.attn.qkv_proj`;
    return [this.#matMul(place, input, weights, 3 * hiddenSize, hiddenSize), '', ''];
  }

  #turnedInputs(layer: number, input: string): string[] {
    const { hiddenSize } = this.#size;
    const packed = this.#weights.attentionInput(layer);
    const part = hiddenSize * hiddenSize;
    return ['q', 'k', 'v'].map((letter, index) => {
      const weights = packed.subarray(index * part, (index + 1) * part);
      const place = `layers.${layer}.attn.${letter}_proj`;
      const projected = this.#matMul(place, input, weights, hiddenSize, hiddenSize);
      if (letter === 'v') return projected;
      return this.#node('RotaryEmbedding', {
        name: `/model/layers.${layer}/attn/${letter}_rotary/RotaryEmbedding`,
        inputs: [projected, 'rope_positions', ...ROPE_CACHES],
        domain: MICROSOFT,
        attributes: { interleaved: 0, num_heads: this.#size.heads, rotary_embedding_dim: 0 },
      });
    });
  }

  #addFeedForward(layer: number, input: string): string {
    const { hiddenSize, intermediateSize } = this.#size;
    const place = `layers.${layer}.mlp`;
    const wide = (name: string, weights: Float32Array) =>
      this.#matMul(`${place}.${name}`, input, weights, intermediateSize, hiddenSize);
    const gate = wide('gate_proj', this.#weights.gate(layer));
    const up = wide('up_proj', this.#weights.up(layer));
    const sigmoid = this.#node('Sigmoid', {
      name: `/model/${place}/act_fn/Sigmoid`,
      inputs: [gate],
    });
    const silu = this.#node('Mul', { name: `/model/${place}/act_fn/Mul`, inputs: [gate, sigmoid] });
    const product = this.#node('Mul', { name: `/model/${place}/mlp/Mul`, inputs: [silu, up] });
    const down = this.#weights.down(layer);
    return this.#matMul(`${place}.down_proj`, product, down, hiddenSize, intermediateSize);
  }

  #addHead(input: string): void {
    const { vocabularySize, hiddenSize } = this.#size;
    this.#matMul('lm_head', input, this.#weights.head(), vocabularySize, hiddenSize, 'logits');
  }

  /** `weights` is `[outputs, inputs]`; at int4 it stays so, for MatMul it is turned. */
  #matMul(
    place: string,
    input: string,
    weights: Float32Array,
    outputs: number,
    inputs: number,
    output?: string,
  ): string {
    const path = place === 'lm_head' ? '/lm_head' : `/model/${place}`;
    const weight = place === 'lm_head' ? 'lm_head.MatMul.weight' : `model.${place}.MatMul.weight`;
    const name = `${path}/MatMul`;
    const result = output ?? out(name);
    if (this.#size.precision !== 'int4') {
      const turned = transpose(weights, outputs, inputs);
      this.#tensor(
        { name: weight, type: this.#type, dims: [inputs, outputs] },
        this.#inType(turned),
      );
      return this.#node('MatMul', { name, inputs: [input, weight], outputs: [result] });
    }

    const { blockSize } = this.#size;
    const { packed, scales } = toInt4(weights, outputs, inputs, blockSize);
    const blocks = Math.ceil(inputs / blockSize);
    this.#tensor(
      { name: `${weight}_Q4`, type: 'uint8', dims: [outputs, blocks, blockSize / 2] },
      packed,
    );
    this.#tensor(
      { name: `${weight}_scales`, type: this.#type, dims: [outputs * blocks] },
      this.#inType(scales),
    );
    return this.#node('MatMulNBits', {
      name: `${name}_Q4`,
      inputs: [input, `${weight}_Q4`, `${weight}_scales`],
      outputs: [result],
      domain: MICROSOFT,
      attributes: { K: inputs, N: outputs, bits: 4, block_size: blockSize, accuracy_level: 4 },
    });
  }

  #node(
    operator: string,
    options: {
      name: string;
      inputs: readonly string[];
      outputs?: readonly string[];
      domain?: string;
      attributes?: Record<string, Attribute>;
    },
  ): string {
    const outputs = options.outputs ?? [out(options.name)];
    this.#nodes.push(node(operator, { ...options, outputs }));
    return outputs[0] ?? '';
  }

  #tensor(head: TensorHead, bytes: Uint8Array): void {
    this.#initializers.push(this.#tensors.add(head, bytes));
  }

  #int64(name: string, dims: readonly number[], values: readonly number[]): string {
    if (!this.#constants.has(name)) {
      const bytes = toBytes(BigInt64Array.from(values, BigInt));
      this.#initializers.push(inlineTensor({ name, type: 'int64', dims }, bytes));
      this.#constants.add(name);
    }
    return name;
  }

  #inType(values: Float32Array): Uint8Array {
    return toBytes(this.#type === 'float32' ? values : toHalves(values));
  }

  #graph(): ProtobufWriter {
    const { layers, heads, vocabularySize, variant } = this.#size;
    const cache = (name: string, length: string) =>
      valueInfo(name, this.#type, ['batch_size', heads, length, headSize(this.#size)]);
    const ids = (name: string, length: string, type: DataType = 'int64') =>
      valueInfo(name, type, ['batch_size', length]);
    const sides = Array.from({ length: layers }, (_, layer) => [
      `${layer}.key`,
      `${layer}.value`,
    ]).flat();
    return graph({
      name: 'main_graph',
      nodes: this.#nodes,
      initializers: this.#initializers,
      inputs: [
        ids('input_ids', 'sequence_length'),
        ids('attention_mask', 'total_sequence_length'),
        ...(variant === 'gpu' ? [ids('position_ids', 'sequence_length')] : []),
        ...sides.map((side) => cache(`past_key_values.${side}`, 'past_sequence_length')),
      ],
      outputs: [
        valueInfo('logits', this.#type, ['batch_size', 'sequence_length', vocabularySize]),
        ...sides.map((side) => cache(`present.${side}`, 'total_sequence_length')),
      ],
    });
  }
}

function out(nodeName: string): string {
  return `${nodeName}/output_0`;
}
