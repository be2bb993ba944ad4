import type { GraphWriter } from '../graph-writer.ts';
import { ROPE_CACHES, ROPE_PREFIX, type RopeChoice, valuesOf } from '../rope-choice.ts';

const TO_INT64 = { to: 7 };

/**
 * The `gpu` form: both tables in one, the long one below the short, and positions that move to the
 * lower part once any of them is past the limit. Returns the name of those positions.
 */
export function addRopePositions(
  writer: GraphWriter,
  { short, long, shortTokens }: RopeChoice,
): string {
  const { width } = short;
  const rows = short.rows + long.rows;
  for (const cache of ROPE_CACHES) {
    const both = new Float32Array(rows * width);
    both.set(valuesOf(cache, short));
    both.set(valuesOf(cache, long), short.rows * width);
    writer.floats(cache, [rows, width], both);
  }

  const limit = writer.int64('original_max_positions', [1], shortTokens);
  const largest = writer.node('ReduceMax', {
    name: `${ROPE_PREFIX}/ReduceMax`,
    inputs: ['position_ids'],
    attributes: { keepdims: 0 },
  });
  const isLong = writer.node('GreaterOrEqual', {
    name: `${ROPE_PREFIX}/GreaterOrEqual`,
    inputs: [largest, limit],
  });
  const factor = writer.node('Cast', {
    name: `${ROPE_PREFIX}/Cast`,
    inputs: [isLong],
    attributes: TO_INT64,
  });
  const jump = writer.node('Mul', { name: `${ROPE_PREFIX}/Mul`, inputs: [factor, limit] });
  return writer.node('Add', { name: `${ROPE_PREFIX}/Add`, inputs: ['position_ids', jump] });
}
