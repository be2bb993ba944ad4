import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { tinyFolder } from '../testing/tiny-folder.ts';

const run = promisify(execFile);
const ENGINE = JSON.stringify(new URL('../index.ts', import.meta.url).href);

/**
 * Runs the module `source` in a process with a new home and temporary folder, and lists the reports
 * to the makers of ONNX Runtime that it leaves there.
 */
async function reportsOf(source: string): Promise<string[]> {
  const home = join(dirname(await tinyFolder()), 'home');
  await mkdir(home);
  // oxlint-disable-next-line node/no-process-env -- Node is found through PATH
  const env = { PATH: process.env['PATH'], HOME: home, TMPDIR: home, TSX_DISABLE_CACHE: '1' };
  await run(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', source],
    { cwd: import.meta.dirname, env },
  );
  return (await readdir(home, { recursive: true })).filter((path) =>
    /Microsoft|onnxruntime|mat-debug|\.ses$/u.test(path),
  );
}

test.each(['capi', 'stock'] as const)(
  'ONNX Runtime sends no reports: an answer of the %s runtime leaves no device id and no event database',
  async (runtime) => {
    const spec = { kind: 'onnx', modelDir: await tinyFolder(), provider: 'cpu', runtime };
    const reports = await reportsOf(`
      import { aRequest } from ${JSON.stringify(new URL('../testing/a-request.ts', import.meta.url).href)};
      import { openEngine } from ${ENGINE};
      const engine = await openEngine({ ...${JSON.stringify(spec)}, slots: 1, threads: 1 });
      const request = aRequest('Hello', { maxTokens: 4 });
      await engine.generate(await engine.prepare(request), () => {}, new AbortController().signal);
      await engine[Symbol.asyncDispose]();
    `);
    expect(reports).toEqual([]);
  },
);

test('reading its version and providers leaves none either', async () => {
  const reports = await reportsOf(`
    import { describeOnnxRuntime } from ${ENGINE};
    await describeOnnxRuntime();
  `);
  expect(reports).toEqual([]);
});

test('by default it does leave them, so the tests above look for the right files', async () => {
  const reports = await reportsOf(`
    import { InferenceSession } from 'onnxruntime-node';
    await InferenceSession.create('/no-such-model.onnx').catch(() => {});
  `);
  expect(reports).toContainEqual(expect.stringContaining('deviceid'));
});
