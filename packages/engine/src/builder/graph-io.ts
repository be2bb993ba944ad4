import { valueInfo } from '../onnx-file/onnx-format.ts';
import type { ProtobufWriter } from '../onnx-file/protobuf-writer.ts';
import { LOGITS_TO_KEEP } from '../runtime/graph-shape.ts';
import type { GraphWriter } from './graph-writer.ts';

/** What the inputs and outputs of a decoder's graph follow from. */
export type DecoderShape = {
  layers: number;
  /** Heads of keys and values. */
  cacheHeads: number;
  headSize: number;
  vocabularySize: number;
  hasPositionIds: boolean;
  /** Whether a run is told how many of its last logits to compute. */
  hasLogitsToKeep: boolean;
};

export function graphInputs(writer: GraphWriter, shape: DecoderShape): ProtobufWriter[] {
  const ids = (name: string, length: string) => valueInfo(name, 'int64', ['batch_size', length]);
  return [
    ids('input_ids', 'sequence_length'),
    ids('attention_mask', 'total_sequence_length'),
    ...(shape.hasPositionIds ? [ids('position_ids', 'sequence_length')] : []),
    ...(shape.hasLogitsToKeep ? [valueInfo(LOGITS_TO_KEEP, 'int64', [1])] : []),
    ...caches(writer, shape, 'past_key_values', 'past_sequence_length'),
  ];
}

export function graphOutputs(writer: GraphWriter, shape: DecoderShape): ProtobufWriter[] {
  const length = shape.hasLogitsToKeep ? LOGITS_TO_KEEP : 'sequence_length';
  const logits = ['batch_size', length, shape.vocabularySize];
  return [
    valueInfo('logits', writer.type, logits),
    ...caches(writer, shape, 'present', 'total_sequence_length'),
  ];
}

function caches(
  writer: GraphWriter,
  { layers, cacheHeads, headSize }: DecoderShape,
  name: string,
  length: string,
): ProtobufWriter[] {
  const shape = ['batch_size', cacheHeads, length, headSize];
  return Array.from({ length: layers }, (_, layer) => [
    valueInfo(`${name}.${layer}.key`, writer.type, shape),
    valueInfo(`${name}.${layer}.value`, writer.type, shape),
  ]).flat();
}
