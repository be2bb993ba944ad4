import { SeededRandom } from '../../sampling/seeded-random.ts';
import type { ModelSize } from '../model-size.ts';
import { TRAINING_PARAGRAPHS } from '../training-text.ts';
import type { BuiltTokenizer } from './build-tokenizer.ts';

/**
 * Weights by name, created when requested, so a large model is never in memory as a whole. A matrix
 * is `[outputs, inputs]`, row by row. The same seed gives the same weights.
 */
export type PhiWeights = {
  embedding(): Float32Array;
  norm(name: string): Float32Array;
  /** The rows of queries, keys and values in one matrix. */
  attentionInput(layer: number): Float32Array;
  attentionOutput(layer: number): Float32Array;
  gate(layer: number): Float32Array;
  up(layer: number): Float32Array;
  down(layer: number): Float32Array;
  head(): Float32Array;
};

// The layers change what a token predicts without dominating it, so that answers resemble the text.
const RESIDUAL_GAIN = 0.45;
const HEAD_GAIN = 14;
const HEAD_NOISE = 0.15;

/**
 * Seeded weights for a model of this size, whose head predicts the training text of the vocabulary.
 */
export function phiWeights(size: ModelSize, built: BuiltTokenizer): PhiWeights {
  const { hiddenSize: hidden, intermediateSize: intermediate } = size;
  const matrix = (name: string, outputs: number, inputs: number, gain: number) =>
    uniform(size.seed, name, outputs * inputs, gain / Math.sqrt(inputs));
  const embedding = () => uniform(size.seed, 'embedding', size.vocabularySize * hidden, 1);
  const residual = RESIDUAL_GAIN / Math.sqrt(size.layers);

  return {
    embedding,
    norm: (name) => uniform(size.seed, name, hidden, 0.05).map((value) => 1 + value),
    attentionInput: (layer) => matrix(`qkv.${layer}`, 3 * hidden, hidden, 1.3),
    attentionOutput: (layer) => matrix(`o.${layer}`, hidden, hidden, 2 * residual),
    gate: (layer) => matrix(`gate.${layer}`, intermediate, hidden, 1.5),
    up: (layer) => matrix(`up.${layer}`, intermediate, hidden, 1.5),
    down: (layer) => matrix(`down.${layer}`, hidden, intermediate, residual),
    head: () => headRows(size, built, embedding()),
  };
}

/**
 * The head encodes which token follows which in the training text: the row of a token is the sum of
 * the embeddings of its predecessors, each weighted by how likely the token follows it.
 */
function headRows(size: ModelSize, built: BuiltTokenizer, embedding: Float32Array): Float32Array {
  const { hiddenSize: hidden } = size;
  const rows = uniform(
    size.seed,
    'head',
    size.vocabularySize * hidden,
    HEAD_NOISE / Math.sqrt(hidden),
  );
  for (const [token, followers] of followersOf(size, built)) {
    for (const [follower, weight] of followers) {
      const scale = (HEAD_GAIN * weight) / hidden;
      for (let at = 0; at < hidden; at += 1) {
        const row = follower * hidden + at;
        rows[row] = (rows[row] ?? 0) + scale * (embedding[token * hidden + at] ?? 0);
      }
    }
  }
  return rows;
}

function followersOf(size: ModelSize, built: BuiltTokenizer): Map<number, Map<number, number>> {
  const counts = new Map<number, Map<number, number>>();
  const sentenceEnds = new Set<number>();
  const text = TRAINING_PARAGRAPHS.map((paragraph) => `\n${paragraph}`);
  const ids = text.flatMap((paragraph) => {
    const paragraphIds = built.tokenizer.encode(paragraph).slice(1);
    sentenceEnds.add(paragraphIds.at(-1) ?? 0);
    return paragraphIds;
  });
  for (let at = 1; at < ids.length; at += 1) {
    const followers = counts.get(ids[at - 1] ?? 0) ?? new Map<number, number>();
    followers.set(ids[at] ?? 0, (followers.get(ids[at] ?? 0) ?? 0) + 1);
    counts.set(ids[at - 1] ?? 0, followers);
  }

  // The most common follower weighs 1, so every token predicts something definite.
  for (const followers of counts.values()) {
    const most = Math.max(...followers.values());
    for (const [follower, count] of followers) followers.set(follower, Math.sqrt(count / most));
  }
  const end = built.idOf('<|end|>');
  for (const token of sentenceEnds) counts.get(token)?.set(end, size.endWeight);
  return counts;
}

/** Evenly distributed around 0, with the given standard deviation. */
function uniform(seed: number, name: string, count: number, deviation: number): Float32Array {
  const random = new SeededRandom(seedOf(seed, name));
  const scale = (2 * Math.sqrt(3) * deviation) / 2 ** 32;
  const values = new Float32Array(count);
  for (let at = 0; at < count; at += 1) values[at] = (random.nextUint32() - 2 ** 31) * scale;
  return values;
}

/** FNV-1a of the name, so no tensor depends on the order in which tensors are created. */
function seedOf(seed: number, name: string): bigint {
  let hash = 0xcbf29ce484222325n ^ BigInt(seed);
  for (const byte of Buffer.from(name)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash;
}
