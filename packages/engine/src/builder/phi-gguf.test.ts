import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, expect, test } from 'vitest';

import { readModelFolder } from '../folder/model-folder.ts';
import { openEngine } from '../open-engine.ts';
import { openOrtCapi } from '../runtime/ort-capi/ort-capi.ts';
import { aRequest } from '../testing/a-request.ts';
import { followAnswers, type StoredAnswers } from '../testing/follow-answers.ts';
import { convertGguf } from './convert-gguf.ts';

/**
 * Random weights in Q8_0 that llama.cpp's converter wrote, with tokens that transformers chose in
 * float64. tools/build-phi-gguf.py builds them again.
 */
const FIXTURES = fileURLToPath(new URL('../../fixtures/phi-gguf/', import.meta.url));
const CONTEXT = 128;
const parent = mkdtempSync(join(tmpdir(), 'runfleet-phi-gguf-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const SHAPES = [
  { name: 'Phi-3.5-mini', file: 'phi3.5', shortTokens: 64, addsSpace: true },
  { name: 'Phi-4-mini', file: 'phi4-mini', shortTokens: 64, addsSpace: false },
  { name: 'Phi-3-mini-4k', file: 'phi3-4k', shortTokens: 128, addsSpace: true },
] as const;

async function convert(file: string, precision: 'exact' | 'close') {
  const dir = join(parent, `${file}-${precision}`);
  const { roundingError } = await convertGguf({
    path: join(FIXTURES, `${file}.gguf`),
    dir,
    precision,
  });
  expect(roundingError).toBe(0);
  return dir;
}

test.each(
  SHAPES.flatMap((shape) => [
    { ...shape, precision: 'exact', limit: 1e-3 } as const,
    { ...shape, precision: 'close', limit: 2e-2 } as const,
  ]),
)(
  'a file of $name continues as transformers on both sides of its rope switch ($precision)',
  async ({ file, shortTokens, precision, limit }) => {
    const dir = await convert(file, precision);
    const stored: StoredAnswers = JSON.parse(
      await readFile(join(FIXTURES, `${file}.json`), 'utf8'),
    );
    const folder = await readModelFolder(dir);
    expect(folder).toMatchObject({ shortContextLength: shortTokens, contextLength: CONTEXT });
    const spec = { provider: 'cpu', threads: 1, slots: 1, contextLength: CONTEXT } as const;
    await using runtime = await openOrtCapi(folder, spec);
    const { distance, otherChoices, tokens } = await followAnswers(runtime, stored);
    expect({ tokens, otherChoices }).toEqual({ tokens: 100, otherChoices: 0 });
    expect(distance).toBeLessThan(limit);
  },
);

test('a SentencePiece vocabulary has the ids that SentencePiece gives, in every script', async () => {
  const { tokenizer } = await readModelFolder(await convert('phi3.5', 'close'));
  const stored: { text: string; ids: number[] }[] = JSON.parse(
    await readFile(join(FIXTURES, 'phi3.5-ids.json'), 'utf8'),
  );
  expect(stored.length).toBeGreaterThan(30);
  for (const { text, ids } of stored) {
    expect({ text, ids: tokenizer.encode(text) }).toEqual({ text, ids });
  }
});

test('role tokens of Phi-3 remove the white space behind them, as its published tokenizer does', async () => {
  const { tokenizer } = await readModelFolder(await convert('phi3.5', 'close'));
  const stripping = tokenizer.addedTokens.filter(({ rstrip }) => rstrip);
  expect(tokenizer.addedTokens.length - stripping.length).toBe(3);
  for (const token of ['<unk>', '<s>', '<|endoftext|>']) {
    expect(tokenizer.findAdded(token)).toMatchObject({ rstrip: false, special: true });
  }
});

test.each(SHAPES)('a file of $name answers in its own template', async ({ file, addsSpace }) => {
  const modelDir = await convert(file, 'close');
  const { tokenizer, stopIds } = await readModelFolder(modelDir);
  expect(tokenizer.addsSpace).toBe(addsSpace);
  for (const token of ['<|end|>', '<|endoftext|>']) {
    expect(stopIds).toContain(tokenizer.findAdded(token)?.id);
  }
  await using engine = await openEngine({
    kind: 'onnx',
    modelDir,
    provider: 'cpu',
    slots: 1,
    threads: 1,
    contextLength: CONTEXT,
  });
  const prepared = await engine.prepare(aRequest('Hi <|end|>', { greedy: true, maxTokens: 4 }));
  const [first = -1] = prepared.promptIds;
  expect(tokenizer.textOf(first)).toBe('<|user|>');
  const ends = [...prepared.promptIds].filter((id) => id === tokenizer.findAdded('<|end|>')?.id);
  expect(ends).toHaveLength(1);
  let text = '';
  const { signal } = new AbortController();
  const usage = await engine.generate(prepared, (chunk) => void (text += chunk.text), signal);
  expect(usage.promptTokens).toBe(prepared.promptIds.length);
  expect(text).not.toMatch(/\[PAD/u);
});
