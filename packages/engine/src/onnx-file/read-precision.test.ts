import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { buildModelFolder } from '../builder/build-model-folder.ts';
import { readPrecision } from './read-precision.ts';

const parent = await mkdtemp(join(tmpdir(), 'runfleet-precision-'));
afterAll(async () => await rm(parent, { recursive: true, force: true }));

test.each(['fp32', 'fp16', 'int4'] as const)(
  '%s weights are recognised in the graph',
  async (precision) => {
    const { dir } = await buildModelFolder(join(parent, precision), {
      precision,
      inlineBytesMax: 0,
    });

    expect(await readPrecision(join(dir, 'model.onnx'))).toBe(precision);
  },
);

test.each(['', 'not a graph', '\u003a\u00ff\u00ff'])(
  '%j is not a graph and has no precision',
  async (text) => {
    await writeFile(join(parent, 'x.onnx'), text);
    expect(await readPrecision(join(parent, 'x.onnx'))).toBeNull();
  },
);
