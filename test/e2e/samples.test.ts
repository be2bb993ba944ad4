/** The samples of the model page that a bare machine can start; `pnpm samples` starts the others, too. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { PATIENCE_MS } from '../patience.ts';
import { buildSample } from '../samples/built-sample.ts';
import { SAMPLE_LAWS, type SampleStack } from '../samples/sample-laws.ts';
import { startStack } from '../samples/start-stack.ts';
import { TOOL_CHAINS } from '../samples/tool-chains.ts';
import { findProgram, orSkipped } from './find-program.ts';

const LANGUAGES = ['nodejs', 'curl'] as const;
const CASES = LANGUAGES.flatMap((language) => {
  const { programs } = TOOL_CHAINS[language];
  const missing = programs.find((program) => findProgram(program) === null);
  const skipped = missing === undefined ? '' : orSkipped(missing);
  return Object.entries(SAMPLE_LAWS).map(([name, law]) => ({ language, name, law, skipped }));
});

let stack: SampleStack & AsyncDisposable;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runfleet-samples-'));
  stack = await startStack(inject('runFolder'));
}, PATIENCE_MS);

afterAll(async () => {
  await stack?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}, PATIENCE_MS);

for (const { language, name, law, skipped } of CASES) {
  test
    .skipIf(skipped !== '')
    .concurrent(`${language}: ${name}${skipped}`, { timeout: PATIENCE_MS }, async () => {
      const options = { chain: TOOL_CHAINS[language], libraries: '', folder: join(folder, name) };
      const tried = law(stack, (call) => buildSample(language, call, options));
      await expect(tried).resolves.toBeUndefined();
    });
}
