import { graph, node, onnxFile, valueInfo } from '../../onnx-file/onnx-format.ts';
import type { CacheType } from '../graph-shape.ts';

const BATCH = ['slots', 'heads', 'tokens', 'size'];
const SLOT = [1, 'heads', 'tokens', 'size'];

/**
 * A graph that writes `count` tensors of one slot into `count` batches at a position, and returns
 * the batches.
 */
export function insertGraph(count: number, type: CacheType): Uint8Array {
  const each = Array.from({ length: count }, (_, at) => at);
  return write({
    nodes: each.map((at) =>
      node('ScatterND', {
        name: `insert.${at}`,
        inputs: [`batch.${at}`, 'position', `slot.${at}`],
        outputs: [`inserted.${at}`],
      }),
    ),
    inputs: [
      valueInfo('position', 'int64', [1, 1]),
      ...each.map((at) => valueInfo(`batch.${at}`, type, BATCH)),
      ...each.map((at) => valueInfo(`slot.${at}`, type, SLOT)),
    ],
    outputs: each.map((at) => valueInfo(`inserted.${at}`, type, BATCH)),
  });
}

/** A graph that returns the slot at a position of each of `count` batches. */
export function extractGraph(count: number, type: CacheType): Uint8Array {
  const each = Array.from({ length: count }, (_, at) => at);
  return write({
    nodes: each.map((at) =>
      node('Gather', {
        name: `extract.${at}`,
        inputs: [`batch.${at}`, 'position'],
        outputs: [`extracted.${at}`],
      }),
    ),
    inputs: [
      valueInfo('position', 'int64', [1]),
      ...each.map((at) => valueInfo(`batch.${at}`, type, BATCH)),
    ],
    outputs: each.map((at) => valueInfo(`extracted.${at}`, type, SLOT)),
  });
}

function write(
  parts: Pick<Parameters<typeof graph>[0], 'nodes' | 'inputs' | 'outputs'>,
): Uint8Array {
  return Buffer.concat(onnxFile(graph({ name: 'copy', initializers: [], ...parts })).chunks);
}
