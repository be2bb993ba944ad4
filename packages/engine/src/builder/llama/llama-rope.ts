import type { GgufFields } from '../../gguf/gguf-fields.ts';
import type { GgufFile } from '../../gguf/gguf-file.ts';
import { refuse } from '../../gguf/refuse.ts';
import { dequantize } from '../../gguf/unpack-weights.ts';

/** How queries and keys rotate. */
export type LlamaRope = {
  theta: number;
  /** How many numbers of each head rotate, from its first on. */
  rotatedSize: number;
  /** How much slower each frequency rotates, as Llama 3's scaling sets it; 1 is plain. */
  factors: readonly number[];
  /** LongRoPE: other factors, for sequences longer than `shortTokens`. */
  long: { factors: readonly number[]; shortTokens: number } | undefined;
  /** What rotated queries and keys are multiplied by. */
  scale: number;
};

/** For every model of this graph. */
const FREQUENCIES = 'rope_freqs.weight';
/** Only for architectures with two tables. */
const SHORT = 'rope_factors_short.weight';
const LONG = 'rope_factors_long.weight';

/** Numbers of a table of cosines: 2^26 are a million positions of 64 frequencies, 256 MiB. */
const TABLE_NUMBERS_MAX = 2 ** 26;

export type RopeSource = {
  architecture: string;
  headSize: number;
  contextLength: number;
  /** Whether files of the architecture have a table for long sequences. */
  hasLongRope: boolean;
};

/** Throws `EngineError('model')` if the file scales its rope tables in another way. */
export function readLlamaRope(
  file: GgufFile,
  fields: GgufFields,
  { architecture, headSize, contextLength, hasLongRope }: RopeSource,
): LlamaRope {
  const key = (name: string) => `${architecture}.rope.${name}`;
  const rotatedSize = fields.count(key('dimension_count'), headSize);
  if (rotatedSize > headSize || rotatedSize % 8 !== 0) {
    throw refuse(`rotates ${rotatedSize} of ${headSize} numbers of a head`);
  }
  const frequencies = rotatedSize / 2;
  if (contextLength * frequencies > TABLE_NUMBERS_MAX) {
    throw refuse(
      `needs rope tables of ${contextLength} x ${frequencies} numbers; at most ${TABLE_NUMBERS_MAX} are supported`,
    );
  }
  const hasTables = hasLongRope && (file.tensors.has(SHORT) || file.tensors.has(LONG));
  const plain = linearFactor(fields, key, hasTables);
  const read = (name: string) =>
    readFactors(file, name, frequencies).map((factor) => factor * plain);
  const shared = {
    theta: positive(fields, key('freq_base'), 10_000),
    rotatedSize,
    scale: positive(fields, key('scaling.attn_factor'), hasTables ? undefined : 1),
  };
  if (!hasTables) {
    const factors = file.tensors.has(FREQUENCIES)
      ? read(FREQUENCIES)
      : Array.from({ length: frequencies }, () => plain);
    return { ...shared, factors, long: undefined };
  }
  const shortTokens = fields.count(key('scaling.original_context_length'));
  const [factors, longFactors] = [read(SHORT), read(LONG)];
  const long = shortTokens < contextLength ? { factors: longFactors, shortTokens } : undefined;
  return { ...shared, factors, long };
}

/** The tensors that `readLlamaRope` reads. */
export function ropeTensors(hasLongRope: boolean): readonly string[] {
  return hasLongRope ? [FREQUENCIES, SHORT, LONG] : [FREQUENCIES];
}

/** llama.cpp takes a scaling without a type for linear, and reads its former key too. */
function linearFactor(
  fields: GgufFields,
  key: (name: string) => string,
  hasTables: boolean,
): number {
  const scaling = fields.text(key('scaling.type')) ?? 'linear';
  if (scaling === 'none') return 1;
  if (scaling !== 'linear' && !(scaling === 'longrope' && hasTables)) {
    throw refuse(`scales its rope tables by ${JSON.stringify(scaling)}, which is not supported`);
  }
  const factor = fields.number(key('scaling.factor')) ?? fields.number(key('scale_linear')) ?? 0;
  // 0 stands for no scaling.
  const scaled = factor === 0 ? 1 : factor;
  if (scaled > 0 && (scaled === 1 || !hasTables)) return scaled;
  throw refuse(`scales its rope tables by ${factor}${hasTables ? ' beside LongRoPE' : ''}`);
}

function readFactors(file: GgufFile, name: string, frequencies: number): number[] {
  const tensor = file.tensor(name, frequencies);
  const factors = Array.from(dequantize(tensor.type, file.read(tensor)));
  if (factors.every((factor) => factor > 0 && Number.isFinite(factor))) return factors;
  throw refuse(`has a factor in ${name} that is no number above 0`);
}

function positive(fields: GgufFields, key: string, fallback: number | undefined): number {
  const value = fields.number(key) ?? fallback;
  if (value === undefined) throw refuse(`has two rope tables and does not state ${key}`);
  if (value > 0) return value;
  throw refuse(`has ${value} as ${key}; expected a number above 0`);
}
