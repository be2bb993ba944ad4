import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { GgufFields } from '../gguf/gguf-fields.ts';
import { GgufFile } from '../gguf/gguf-file.ts';
import { BlockWriter, type Precision } from './llama/block-writer.ts';
import { llamaConfigs } from './llama/llama-configs.ts';
import { llamaGraph } from './llama/llama-graph.ts';
import { readLlamaShape } from './llama/llama-shape.ts';
import { LlamaTensors } from './llama/llama-tensors.ts';
import { TensorFile } from './tensor-file.ts';

export type ConvertGguf = {
  /** The GGUF file. */
  path: string;
  /** A folder, which is emptied. */
  dir: string;
  precision: Precision;
  /** Bytes of weights that were read so far. */
  onProgress?: (progress: { bytes: number; totalBytes: number }) => void;
};

export type ConvertedGguf = {
  /** How many matrices and norms the file has of each type. */
  types: Record<string, number>;
  /**
   * The largest error of a matrix whose type has no exact form in the graph, relative to its
   * weights (root mean squares); 0 if every weight is exact.
   */
  roundingError: number;
};

/**
 * Writes the model folder of a GGUF file: its graph, weights, tokenizer and configurations. One
 * tensor at a time is in memory. Throws `EngineError('model')` for a file that is damaged or not
 * supported. An interrupted conversion is done again from the start.
 */
export async function convertGguf(request: ConvertGguf): Promise<ConvertedGguf> {
  using file = GgufFile.open(request.path);
  const fields = new GgufFields(file);
  const shape = readLlamaShape(file, fields);
  const totalBytes = [...file.tensors.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let bytes = 0;
  const tensors = new LlamaTensors(file, shape, (sizeBytes) => {
    bytes += sizeBytes;
    request.onProgress?.({ bytes, totalBytes });
  });
  const configs = llamaConfigs(fields, shape);

  await rm(request.dir, { recursive: true, force: true });
  await mkdir(request.dir, { recursive: true });
  for (const [name, json] of Object.entries(configs)) {
    await writeFile(join(request.dir, name), `${JSON.stringify(json, undefined, 1)}\n`);
  }
  const graphPath = join(request.dir, 'model.onnx');
  const data = new TensorFile(`${graphPath}.data`, 'model.onnx.data');
  try {
    const writer = new BlockWriter(data, request.precision);
    const graph = llamaGraph(writer, shape, tensors);
    await writeFile(graphPath, Buffer.concat(graph.chunks));
    return { types: countTypes(file), roundingError: writer.roundingError };
  } finally {
    data.close();
  }
}

function countTypes(file: GgufFile): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of file.tensors.values()) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}
