import { buildByteLevelTokenizer } from '../builder/byte-level-tokenizer.ts';
import { toBytes, toHalves } from '../builder/matrix-formats.ts';
import { TRAINING_PARAGRAPHS } from '../builder/training-text.ts';
import { TENSOR_TYPES, tensorBytes, type TensorType } from '../gguf/gguf-format.ts';
import { type GgufField, type TensorToWrite, writeGgufFile } from '../gguf/write-gguf-file.ts';
import { SeededRandom } from '../sampling/seeded-random.ts';
import { BYTE_LEVEL_FORMS } from './byte-level-forms.ts';

export type TinyGguf = {
  architecture?: 'llama' | 'qwen2' | 'phi3';
  /** The type of every matrix, unless `types` names another. */
  type: TensorType;
  types?: Partial<Record<string, TensorType>>;
  isTied?: boolean;
  ropeFactors?: readonly number[];
  /** Replaces or adds metadata. */
  fields?: Record<string, GgufField>;
  /** Tensors beyond those of the architecture. */
  more?: readonly TensorToWrite[];
};

const LAYERS = 2;
// Rows of 256 weights are the shortest that every type can have.
const HIDDEN = 256;
const WIDE = 512;
const HEADS = 4;
const CACHE_HEADS = 2;
const MERGES = 100;

const CHATML =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/**
 * Writes a GGUF file with random weights: of SmolLM2's architecture and tokenizer, of Qwen 2's, or of
 * Phi-3's with Qwen 2's tokenizer.
 */
export function writeTinyGguf(path: string, options: TinyGguf): void {
  const { architecture = 'llama' } = options;
  const isPhi = architecture === 'phi3';
  const { tokens, types, merges } = vocabulary();
  const width = HIDDEN / HEADS;
  const matrix = (name: string, inputs: number, outputs: number): TensorToWrite => {
    const type = options.types?.[name] ?? options.type;
    return {
      name: `${name}.weight`,
      dims: [inputs, outputs],
      type,
      bytes: () => randomWeights(type, inputs * outputs, name),
    };
  };
  const floats = (name: string, values: readonly number[]): TensorToWrite => ({
    name: `${name}${name.endsWith('.bias') ? '' : '.weight'}`,
    dims: [values.length],
    type: 'F32',
    bytes: () => toBytes(Float32Array.from(values)),
  });
  const norm = (name: string) =>
    floats(
      name,
      Array.from({ length: HIDDEN }, (_, at) => 1 + Math.sin(at) / 10),
    );
  const bias = (name: string, length: number) =>
    architecture === 'qwen2'
      ? [
          floats(
            name,
            Array.from({ length }, (_, at) => Math.sin(at + length + name.length)),
          ),
        ]
      : [];
  const layers = Array.from({ length: LAYERS }, (_, layer) => {
    const name = (part: string) => `blk.${layer}.${part}`;
    return [
      ...bias(name('attn_q.bias'), HIDDEN),
      ...bias(name('attn_k.bias'), CACHE_HEADS * width),
      ...bias(name('attn_v.bias'), CACHE_HEADS * width),
      norm(name('attn_norm')),
      ...(isPhi
        ? [matrix(name('attn_qkv'), HIDDEN, HIDDEN + 2 * CACHE_HEADS * width)]
        : [
            matrix(name('attn_q'), HIDDEN, HIDDEN),
            matrix(name('attn_k'), HIDDEN, CACHE_HEADS * width),
            matrix(name('attn_v'), HIDDEN, CACHE_HEADS * width),
          ]),
      matrix(name('attn_output'), HIDDEN, HIDDEN),
      norm(name('ffn_norm')),
      ...(isPhi ? [] : [matrix(name('ffn_gate'), HIDDEN, WIDE)]),
      matrix(name('ffn_up'), HIDDEN, isPhi ? 2 * WIDE : WIDE),
      matrix(name('ffn_down'), WIDE, HIDDEN),
    ];
  }).flat();
  writeGgufFile(
    path,
    {
      'general.architecture': { string: architecture },
      [`${architecture}.context_length`]: { uint32: 512 },
      [`${architecture}.embedding_length`]: { uint32: HIDDEN },
      [`${architecture}.feed_forward_length`]: { uint32: WIDE },
      [`${architecture}.block_count`]: { uint32: LAYERS },
      [`${architecture}.attention.head_count`]: { uint32: HEADS },
      [`${architecture}.attention.head_count_kv`]: { uint32: CACHE_HEADS },
      [`${architecture}.attention.layer_norm_rms_epsilon`]: { float32: 1e-5 },
      [`${architecture}.rope.freq_base`]: { float32: 100_000 },
      'tokenizer.ggml.model': { string: 'gpt2' },
      'tokenizer.ggml.pre': { string: architecture === 'llama' ? 'smollm' : 'qwen2' },
      'tokenizer.ggml.tokens': { strings: tokens },
      'tokenizer.ggml.token_type': { int32s: types },
      'tokenizer.ggml.merges': { strings: merges },
      'tokenizer.ggml.bos_token_id': { uint32: tokens.indexOf('<|im_start|>') },
      'tokenizer.ggml.eos_token_id': { uint32: tokens.indexOf('<|im_end|>') },
      'tokenizer.chat_template': { string: CHATML },
      ...options.fields,
    },
    [
      matrix('token_embd', HIDDEN, tokens.length),
      norm('output_norm'),
      ...(options.isTied ? [] : [matrix('output', HIDDEN, tokens.length)]),
      ...(options.ropeFactors ? [floats('rope_freqs', options.ropeFactors)] : []),
      ...layers,
      ...(options.more ?? []),
    ],
  );
}

let learnt: Vocabulary | undefined;
type Vocabulary = { tokens: string[]; types: number[]; merges: string[] };

/** Learnt once. */
function vocabulary(): Vocabulary {
  if (learnt) return learnt;
  const json = buildByteLevelTokenizer(
    BYTE_LEVEL_FORMS.smollm2,
    TRAINING_PARAGRAPHS.join('\n'),
    MERGES,
  );
  const model = json['model'] as { vocab: Record<string, number>; merges: string[] };
  const added = json['added_tokens'] as { id: number; content: string }[];
  const tokens = Object.keys(model.vocab);
  for (const { id, content } of added) tokens[id] = content;
  const types = tokens.map((_, id) => (id < tokens.length - added.length ? 1 : 3));
  learnt = { tokens, types, merges: model.merges };
  return learnt;
}

/** Random codes with scales that give each weight a deviation of about a tenth. */
function randomWeights(type: TensorType, count: number, name: string): Uint8Array {
  const random = new SeededRandom(
    BigInt(Buffer.from(name).reduce((sum, byte) => sum * 7 + byte, 0)),
  );
  if (type === 'F32' || type === 'F16' || type === 'BF16') {
    const values = Float32Array.from(
      { length: count },
      () => (random.nextUint32() / 2 ** 32 - 0.5) * 0.35,
    );
    if (type === 'F32') return toBytes(values);
    if (type === 'F16') return toBytes(toHalves(values));
    const upper = new Uint32Array(values.buffer);
    return toBytes(Uint16Array.from(upper, (bits) => bits >>> 16));
  }
  const bytes = new Uint8Array(tensorBytes(type, count));
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = random.nextUint32() >>> 24;
  const stride = TENSOR_TYPES[type].bytes;
  const places: Record<typeof type, readonly (readonly [place: number, scale: number])[]> = {
    Q4_0: [[0, 0.02]],
    Q4_1: [
      [0, 0.02],
      [2, -0.15],
    ],
    Q5_0: [[0, 0.01]],
    Q5_1: [
      [0, 0.01],
      [2, -0.15],
    ],
    Q8_0: [[0, 0.0015]],
    Q4_K: [
      [0, 0.0006],
      [2, 0.0047],
    ],
    Q5_K: [
      [0, 0.0003],
      [2, 0.0047],
    ],
    Q6_K: [[208, 8e-5]],
    IQ4_NL: [[0, 0.0015]],
    IQ4_XS: [[0, 8e-5]],
  };
  for (let block = 0; block < bytes.length; block += stride) {
    for (const [place, scale] of places[type]) {
      const share = 0.75 + random.nextUint32() / 2 ** 33;
      const [half = 0] = toHalves(Float32Array.of(scale * share));
      bytes[block + place] = half & 255;
      bytes[block + place + 1] = half >> 8;
    }
  }
  return bytes;
}
