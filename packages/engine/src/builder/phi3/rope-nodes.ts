import { graph, inlineTensor, node, valueInfo } from '../../onnx-file/onnx-format.ts';
import type { ProtobufWriter } from '../../onnx-file/protobuf-writer.ts';
import type { GraphWriter } from '../graph-writer.ts';
import { headSize, type ModelSize } from '../model-size.ts';
import { type RopeTable, ropeTables } from './rope-tables.ts';

const PREFIX = '/model/rope_caches_subgraph';
const TO_INT64 = { to: 7 };

/** The tables' names, which the nodes that rotate queries and keys read. */
export const ROPE_CACHES = ['cos_cache', 'sin_cache'] as const;

/** The `cpu` form: an `If` whose branches hold one table each, chosen by the mask's width. */
export function addRopeChoice(writer: GraphWriter, size: ModelSize, width: string): void {
  const { short, long } = ropeTables(size);
  const limit = writer.int64('original_max_positions', [], size.originalMaxPositions);
  const isLong = writer.node('Greater', { name: `${PREFIX}/Greater`, inputs: [width, limit] });
  writer.node('If', {
    name: `${PREFIX}/If`,
    inputs: [isLong],
    outputs: ROPE_CACHES,
    attributes: {
      then_branch: { graph: branch(writer, size, 'large', long) },
      else_branch: { graph: branch(writer, size, 'small', short) },
    },
  });
}

/**
 * The `gpu` form: both tables in one, the long one below the short, and positions that move to the
 * lower part once any of them is past the limit. Returns the name of those positions.
 */
export function addRopePositions(writer: GraphWriter, size: ModelSize): string {
  const { short, long } = ropeTables(size);
  const width = headSize(size) / 2;
  const rows = short.rows + long.rows;
  for (const cache of ROPE_CACHES) {
    const both = new Float32Array(rows * width);
    both.set(valuesOf(cache, short));
    both.set(valuesOf(cache, long), short.rows * width);
    writer.floats(cache, [rows, width], both);
  }

  const limit = writer.int64('original_max_positions', [1], size.originalMaxPositions);
  const largest = writer.node('ReduceMax', {
    name: `${PREFIX}/ReduceMax`,
    inputs: ['position_ids'],
    attributes: { keepdims: 0 },
  });
  const isLong = writer.node('GreaterOrEqual', {
    name: `${PREFIX}/GreaterOrEqual`,
    inputs: [largest, limit],
  });
  const factor = writer.node('Cast', {
    name: `${PREFIX}/Cast`,
    inputs: [isLong],
    attributes: TO_INT64,
  });
  const jump = writer.node('Mul', { name: `${PREFIX}/Mul`, inputs: [factor, limit] });
  return writer.node('Add', { name: `${PREFIX}/Add`, inputs: ['position_ids', jump] });
}

function branch(
  writer: GraphWriter,
  size: ModelSize,
  name: string,
  table: RopeTable,
): ProtobufWriter {
  const width = headSize(size) / 2;
  const nodes = ROPE_CACHES.map((cache) => {
    const output = `${cache}_${name}`;
    const bytes = writer.toType(valuesOf(cache, table));
    const tensor = inlineTensor(
      { name: output, type: writer.type, dims: [table.rows, width] },
      bytes,
    );
    return node('Constant', {
      name: `${PREFIX}/${output}/Constant`,
      inputs: [],
      outputs: [output],
      attributes: { value: { tensor } },
    });
  });
  const outputs = ROPE_CACHES.map((cache) =>
    valueInfo(`${cache}_${name}`, writer.type, ['max_sequence_length', width]),
  );
  return graph({
    name: `${name}_rotary_emb_caches_graph`,
    nodes,
    initializers: [],
    inputs: [],
    outputs,
  });
}

function valuesOf(cache: (typeof ROPE_CACHES)[number], table: RopeTable): Float32Array {
  return cache === 'cos_cache' ? table.cos : table.sin;
}
