import { type GraphWriter, outputOf } from './graph-writer.ts';

const PREFIX = '/model/attn_mask_reformat/attn_mask_subgraph';
const TO_INT32 = { to: 6 };

export type MaskOutputs = {
  /** Tokens of each row minus one, int32. */
  lengths: string;
  /** The mask's width, int32, for attention. */
  total: string;
  /** The mask's width, int64, for choosing a rope table. */
  width: string;
};

/** Attention uses only the row sums and the width of the mask. */
export function addMaskNodes(writer: GraphWriter): MaskOutputs {
  const sum = writer.node('ReduceSum', {
    name: `${PREFIX}/ReduceSum`,
    inputs: ['attention_mask', writer.int64('mask_axis', [1], 1)],
    attributes: { keepdims: 0 },
  });
  writer.node('Sub', { name: `${PREFIX}/Sub`, inputs: [sum, writer.int64('mask_one', [1], 1)] });
  const lengths = writer.node('Cast', {
    name: `${PREFIX}/Sub/Cast`,
    inputs: [outputOf(`${PREFIX}/Sub`)],
    attributes: TO_INT32,
  });
  const shape = writer.node('Shape', { name: `${PREFIX}/Shape`, inputs: ['attention_mask'] });
  const width = writer.node('Gather', {
    name: `${PREFIX}/Gather`,
    inputs: [shape, writer.int64('mask_width_index', [], 1)],
    attributes: { axis: 0 },
  });
  const total = writer.node('Cast', {
    name: `${PREFIX}/Gather/Cast`,
    inputs: [width],
    attributes: TO_INT32,
  });
  return { lengths, total, width };
}
