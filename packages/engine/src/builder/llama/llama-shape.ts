import type { GgufFields } from '../../gguf/gguf-fields.ts';
import type { GgufFile } from '../../gguf/gguf-file.ts';
import { refuse } from '../../gguf/refuse.ts';
import { dequantize } from '../../gguf/unpack-weights.ts';

/** What a model's graph follows from, beside its weights. */
export type LlamaShape = {
  architecture: Architecture;
  layers: number;
  hiddenSize: number;
  intermediateSize: number;
  heads: number;
  /** Heads of keys and values, which groups of query heads share. */
  cacheHeads: number;
  headSize: number;
  vocabularySize: number;
  contextLength: number;
  normEpsilon: number;
  ropeTheta: number;
  /** How much slower each frequency rotates, as Llama 3's scaling sets it; 1 is plain. */
  ropeFactors: readonly number[];
  isTied: boolean;
};

/**
 * Architectures of this graph: their family, the class of the reference implementation, how their
 * files order the rows of queries and keys, and whether queries, keys and values have biases.
 * llama.cpp rotates neighbouring rows of Llama's files, so the files have the two halves of each
 * head interleaved.
 */
const ARCHITECTURES = {
  llama: {
    family: 'llama',
    className: 'LlamaForCausalLM',
    isInterleaved: true,
    hasBias: false,
  },
  qwen2: { family: 'qwen2', className: 'Qwen2ForCausalLM', isInterleaved: false, hasBias: true },
} as const;
type Architecture = keyof typeof ARCHITECTURES;

const GEMMA = 'its scaled embeddings, soft caps and norms are not built';
const EXPERTS = 'its experts are not built';
/** What the graph lacks for other common architectures. */
const MISSING: Partial<Record<string, string>> = {
  phi3: 'its joined projections and its two rope tables are not read; add the published ONNX build instead',
  qwen3: 'its norms of queries and keys are not built',
  gemma: GEMMA,
  gemma2: GEMMA,
  gemma3: GEMMA,
  qwen2moe: EXPERTS,
  qwen3moe: EXPERTS,
};

export function architectureOf({ architecture }: LlamaShape) {
  return ARCHITECTURES[architecture];
}

const LAYERS_MAX = 1_024;
const WIDTH_MAX = 2 ** 20;
/** Rope tables have a row for each position. */
const CONTEXT_MAX = 2 ** 20;

/** Throws `EngineError('model')` if the file is of another architecture or its numbers disagree. */
export function readLlamaShape(file: GgufFile, fields: GgufFields): LlamaShape {
  const architecture = fields.text('general.architecture') ?? '';
  if (!isKnown(architecture)) {
    const missing = Object.hasOwn(MISSING, architecture) ? `: ${MISSING[architecture]}` : '';
    throw refuse(
      `is of the architecture ${JSON.stringify(architecture)}${missing}. Supported: ${Object.keys(ARCHITECTURES).join(', ')}`,
    );
  }
  const count = (name: string, most: number, fallback?: number) => {
    const value = fields.count(`${architecture}.${name}`, fallback);
    if (value <= most) return value;
    throw refuse(`has ${value} as ${architecture}.${name}; at most ${most} is supported`);
  };
  const hiddenSize = count('embedding_length', WIDTH_MAX);
  const heads = count('attention.head_count', WIDTH_MAX);
  const cacheHeads = count('attention.head_count_kv', heads, heads);
  const headSize = count('attention.key_length', WIDTH_MAX, hiddenSize / heads);
  if (heads % cacheHeads !== 0) throw refuse(`shares ${cacheHeads} key heads among ${heads}`);
  if (headSize % 8 !== 0) throw refuse(`has heads of ${headSize}, not a multiple of 8`);
  const valueSize = count('attention.value_length', WIDTH_MAX, headSize);
  const rotated = count('rope.dimension_count', WIDTH_MAX, headSize);
  if (valueSize !== headSize || rotated !== headSize) {
    throw refuse(`has heads of ${headSize}, ${valueSize} for values, ${rotated} rotated`);
  }
  for (const name of ['expert_count', 'attention.sliding_window']) {
    if (fields.number(`${architecture}.${name}`, 0) > 0) {
      throw refuse(`sets ${architecture}.${name}, which is not supported`);
    }
  }
  return {
    architecture,
    layers: count('block_count', LAYERS_MAX),
    hiddenSize,
    intermediateSize: count('feed_forward_length', WIDTH_MAX),
    heads,
    cacheHeads,
    headSize,
    vocabularySize: fields.texts('tokenizer.ggml.tokens').length,
    contextLength: count('context_length', CONTEXT_MAX),
    normEpsilon: fields.number(`${architecture}.attention.layer_norm_rms_epsilon`, 1e-5),
    ropeTheta: fields.number(`${architecture}.rope.freq_base`, 10_000),
    ropeFactors: readRopeFactors(file, fields, architecture, headSize / 2),
    isTied: !file.tensors.has('output.weight'),
  };
}

function isKnown(architecture: string): architecture is Architecture {
  return Object.hasOwn(ARCHITECTURES, architecture);
}

/** Llama 3's scaling is in the file as a factor for each frequency. */
function readRopeFactors(
  file: GgufFile,
  fields: GgufFields,
  architecture: Architecture,
  frequencies: number,
): number[] {
  const scaling = fields.text(`${architecture}.rope.scaling.type`) ?? 'none';
  if (scaling !== 'none' && scaling !== 'linear') {
    throw refuse(`scales its rope tables by ${JSON.stringify(scaling)}, which is not supported`);
  }
  const factor = scaling === 'linear' ? fields.number(`${architecture}.rope.scaling.factor`, 1) : 1;
  const plain = Array.from({ length: frequencies }, () => factor);
  if (!file.tensors.has(ROPE_FACTORS)) return plain;
  const tensor = file.tensor(ROPE_FACTORS, frequencies);
  const given = dequantize(tensor.type, file.read(tensor));
  return plain.map((each, at) => each * (given[at] ?? 1));
}

export const ROPE_FACTORS = 'rope_freqs.weight';
