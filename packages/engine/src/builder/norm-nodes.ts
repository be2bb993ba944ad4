import { type GraphWriter, outputOf } from './graph-writer.ts';

export type Norm = {
  /** `layers.0/input_layernorm`; the names of the node and of its weight are derived from it. */
  path: string;
  weight: Float32Array;
  epsilon: number;
  root: string;
  skip: string | undefined;
};

/** Adds `skip` to the residual if it is given; `sum` is the residual from there on. */
export function addNorm(
  writer: GraphWriter,
  { path, weight: values, epsilon, root, skip }: Norm,
): { normed: string; sum: string } {
  const weight = `model.${path.replaceAll('/', '.')}.weight`;
  writer.floats(weight, [values.length], values);
  if (skip === undefined) {
    const normed = writer.node('SimplifiedLayerNormalization', {
      name: `/model/${path}/LayerNorm`,
      inputs: [root, weight],
      attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
    });
    return { normed, sum: root };
  }
  const name = `/model/${path}/SkipLayerNorm`;
  const sum = `${name}/output_3`;
  const normed = writer.node('SkipSimplifiedLayerNormalization', {
    name,
    inputs: [root, skip, weight],
    outputs: [outputOf(name), '', '', sum],
    domain: 'com.microsoft',
    attributes: { epsilon: { float: epsilon } },
  });
  return { normed, sum };
}

/** `up` times the sigmoid linear unit of `gate`. `prefix` is `/model/layers.0/mlp`. */
export function addGatedProduct(
  writer: GraphWriter,
  prefix: string,
  gate: string,
  up: string,
): string {
  const sigmoid = writer.node('Sigmoid', { name: `${prefix}/act_fn/Sigmoid`, inputs: [gate] });
  const silu = writer.node('Mul', { name: `${prefix}/act_fn/Mul`, inputs: [gate, sigmoid] });
  return writer.node('Mul', { name: `${prefix}/Mul`, inputs: [silu, up] });
}
