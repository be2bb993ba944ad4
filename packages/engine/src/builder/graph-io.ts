import { valueInfo } from '../onnx-file/onnx-format.ts';
import type { ProtobufWriter } from '../onnx-file/protobuf-writer.ts';
import type { GraphWriter } from './graph-writer.ts';

/** What the inputs and outputs of a decoder's graph follow from. */
export type DecoderShape = {
  layers: number;
  /** Heads of keys and values. */
  cacheHeads: number;
  headSize: number;
  vocabularySize: number;
  hasPositionIds: boolean;
};

export function graphInputs(writer: GraphWriter, shape: DecoderShape): ProtobufWriter[] {
  const ids = (name: string, length: string) => valueInfo(name, 'int64', ['batch_size', length]);
  return [
    ids('input_ids', 'sequence_length'),
    ids('attention_mask', 'total_sequence_length'),
    ...(shape.hasPositionIds ? [ids('position_ids', 'sequence_length')] : []),
    ...caches(writer, shape, 'past_key_values', 'past_sequence_length'),
  ];
}

export function graphOutputs(writer: GraphWriter, shape: DecoderShape): ProtobufWriter[] {
  const logits = ['batch_size', 'sequence_length', shape.vocabularySize];
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
