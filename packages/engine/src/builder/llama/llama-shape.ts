import type { GgufFields } from '../../gguf/gguf-fields.ts';
import type { GgufFile } from '../../gguf/gguf-file.ts';
import { refuse } from '../../gguf/refuse.ts';
import { type LlamaRope, readLlamaRope } from './llama-rope.ts';

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
  rope: LlamaRope;
  /** The tokens that a token attends to, itself included; undefined if they are all. */
  window: number | undefined;
  isTied: boolean;
  /** Whether the file has queries, keys and values as one matrix. */
  isAttentionJoined: boolean;
};

/**
 * Architectures of this graph: their family, the class of the reference implementation, how their
 * files order the rows of queries and keys, whether queries, keys and values have biases, and
 * whether files are in Phi-3's form: gate and up as one matrix, queries, keys and values perhaps
 * too, perhaps two rope tables and a sliding window. llama.cpp rotates neighbouring rows of Llama's
 * files, so the files have the two halves of each head interleaved.
 */
const ARCHITECTURES = {
  llama: {
    family: 'llama',
    className: 'LlamaForCausalLM',
    isInterleaved: true,
    hasBias: false,
    isPhi: false,
  },
  qwen2: {
    family: 'qwen2',
    className: 'Qwen2ForCausalLM',
    isInterleaved: false,
    hasBias: true,
    isPhi: false,
  },
  phi3: {
    family: 'phi3',
    className: 'Phi3ForCausalLM',
    isInterleaved: false,
    hasBias: false,
    isPhi: true,
  },
} as const;
type Architecture = keyof typeof ARCHITECTURES;

const GEMMA = 'its scaled embeddings, soft caps and norms are not built';
const EXPERTS = 'its experts are not built';
/** What the graph lacks for other common architectures. */
const MISSING: Partial<Record<string, string>> = {
  phimoe: EXPERTS,
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
const SLIDING_WINDOW = 'attention.sliding_window';

/** Throws `EngineError('model')` if the file is of another architecture or its numbers disagree. */
export function readLlamaShape(file: GgufFile, fields: GgufFields): LlamaShape {
  const parts = fields.number('split.count', 1);
  if (parts > 1) {
    throw refuse(`is one of ${parts} parts; join them first: llama-gguf-split --merge`);
  }
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
  if (valueSize !== headSize) throw refuse(`has heads of ${headSize}, ${valueSize} for values`);
  if (fields.number(`${architecture}.expert_count`, 0) > 0) {
    throw refuse(`sets ${architecture}.expert_count, which is not supported`);
  }
  const { isInterleaved, isPhi } = ARCHITECTURES[architecture];
  const contextLength = count('context_length', CONTEXT_MAX);
  const source = { architecture, headSize, contextLength, hasLongRope: isPhi };
  const rope = readLlamaRope(file, fields, source);
  if (isInterleaved && rope.rotatedSize !== headSize) {
    throw refuse(`rotates ${rope.rotatedSize} of ${headSize} numbers of a head`);
  }
  const window = fields.number(`${architecture}.${SLIDING_WINDOW}`, 0);
  if (window > 0 && !isPhi) {
    throw refuse(`sets ${architecture}.${SLIDING_WINDOW}, which is not supported`);
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
    contextLength,
    normEpsilon: fields.number(`${architecture}.attention.layer_norm_rms_epsilon`, 1e-5),
    rope,
    window: window > 0 && window < contextLength ? count(SLIDING_WINDOW, CONTEXT_MAX) : undefined,
    isTied: !file.tensors.has('output.weight'),
    isAttentionJoined: isPhi && file.tensors.has('blk.0.attn_qkv.weight'),
  };
}

function isKnown(architecture: string): architecture is Architecture {
  return Object.hasOwn(ARCHITECTURES, architecture);
}
