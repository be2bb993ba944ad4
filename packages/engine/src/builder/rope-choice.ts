import { graph, inlineTensor, node, valueInfo } from '../onnx-file/onnx-format.ts';
import type { ProtobufWriter } from '../onnx-file/protobuf-writer.ts';
import type { GraphWriter } from './graph-writer.ts';
import type { RopeTable } from './rope-table.ts';

export const ROPE_PREFIX = '/model/rope_caches_subgraph';

/** The tables' names, which the nodes that rotate queries and keys read. */
export const ROPE_CACHES = ['cos_cache', 'sin_cache'] as const;

export type RopeChoice = {
  short: RopeTable;
  long: RopeTable;
  /** The longest sequence that the short table serves, in tokens. */
  shortTokens: number;
};

/** An `If` whose branches hold one table each, chosen by the width of the mask. */
export function addRopeChoice(
  writer: GraphWriter,
  { short, long, shortTokens }: RopeChoice,
  width: string,
): void {
  const limit = writer.int64('original_max_positions', [], shortTokens);
  const isLong = writer.node('Greater', { name: `${ROPE_PREFIX}/Greater`, inputs: [width, limit] });
  writer.node('If', {
    name: `${ROPE_PREFIX}/If`,
    inputs: [isLong],
    outputs: ROPE_CACHES,
    attributes: {
      then_branch: { graph: branch(writer, 'large', long) },
      else_branch: { graph: branch(writer, 'small', short) },
    },
  });
}

function branch(writer: GraphWriter, name: string, table: RopeTable): ProtobufWriter {
  const nodes = ROPE_CACHES.map((cache) => {
    const output = `${cache}_${name}`;
    const bytes = writer.toType(valuesOf(cache, table));
    const tensor = inlineTensor(
      { name: output, type: writer.type, dims: [table.rows, table.width] },
      bytes,
    );
    return node('Constant', {
      name: `${ROPE_PREFIX}/${output}/Constant`,
      inputs: [],
      outputs: [output],
      attributes: { value: { tensor } },
    });
  });
  const outputs = ROPE_CACHES.map((cache) =>
    valueInfo(`${cache}_${name}`, writer.type, ['max_sequence_length', table.width]),
  );
  return graph({
    name: `${name}_rotary_emb_caches_graph`,
    nodes,
    initializers: [],
    inputs: [],
    outputs,
  });
}

export function valuesOf(cache: (typeof ROPE_CACHES)[number], table: RopeTable): Float32Array {
  return cache === 'cos_cache' ? table.cos : table.sin;
}
