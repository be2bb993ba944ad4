import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, expect, test } from 'vitest';

import { buildByteLevelTokenizer } from '../builder/byte-level-tokenizer.ts';
import { TRAINING_PARAGRAPHS } from '../builder/training-text.ts';
import { readModelFolder } from '../folder/model-folder.ts';
import { openEngine } from '../open-engine.ts';
import { openOrtCapi } from '../runtime/ort-capi/ort-capi.ts';
import { aRequest } from '../testing/a-request.ts';
import { BYTE_LEVEL_FORMS } from '../testing/byte-level-forms.ts';
import { TEMPLATES } from '../testing/chat-templates.ts';
import { followAnswers, readStoredAnswers } from '../testing/follow-answers.ts';

/** Graphs of Microsoft's model builder, with tokens that transformers chose in float64. */
const FIXTURES = fileURLToPath(new URL('../../fixtures/families/', import.meta.url));
const MERGES = 100;
const CONTEXT = 128;

type Family = { name: string; graph: string; form: keyof typeof TEMPLATES; end: string };
const FAMILIES: Family[] = [
  { name: 'Phi-4-mini', graph: 'phi4', form: 'phi4', end: '<|end|>' },
  { name: 'Llama 3', graph: 'llama3', form: 'llama3', end: '<|eot_id|>' },
  { name: 'SmolLM2', graph: 'llama3', form: 'smollm2', end: '<|im_end|>' },
  { name: 'Qwen 2.5', graph: 'qwen2', form: 'qwen2', end: '<|im_end|>' },
];

const parent = await mkdtemp(join(tmpdir(), 'runfleet-families-'));
afterAll(async () => await rm(parent, { recursive: true, force: true }));

async function assemble({ name, graph, form }: Family): Promise<string> {
  const dir = join(parent, name);
  await cp(join(FIXTURES, graph), dir, { recursive: true });
  const text = TRAINING_PARAGRAPHS.join('\n');
  const tokenizer = buildByteLevelTokenizer(BYTE_LEVEL_FORMS[form], text, MERGES);
  const first = BYTE_LEVEL_FORMS[form].addedTokens[0]?.content;
  const config = { chat_template: TEMPLATES[form], bos_token: first, eos_token: first };
  await writeFile(join(dir, 'tokenizer.json'), JSON.stringify(tokenizer));
  await writeFile(join(dir, 'tokenizer_config.json'), JSON.stringify(config));
  return dir;
}

const folders = new Map<string, string>();
for (const family of FAMILIES) folders.set(family.name, await assemble(family));

test.each(FAMILIES)('$name continues as the float64 pass of transformers', async ({ name }) => {
  const dir = folders.get(name) ?? '';
  const stored = await readStoredAnswers(dir);
  const folder = await readModelFolder(dir);
  expect(folder).toMatchObject({ shortContextLength: stored.switch, contextLength: CONTEXT });
  const spec = { provider: 'cpu', threads: 1, slots: 1, contextLength: CONTEXT } as const;
  await using runtime = await openOrtCapi(folder, spec);
  const { distance, otherChoices, tokens } = await followAnswers(runtime, stored);
  expect({ tokens, otherChoices }).toEqual({ tokens: 100, otherChoices: 0 });
  expect(distance).toBeLessThan(1e-3);
});

test.each(FAMILIES)(
  '$name answers in its own template, alone as beside others, and its end token ends answers',
  async ({ name, end }) => {
    const modelDir = folders.get(name) ?? '';
    const { stopIds, tokenizer, chat } = await readModelFolder(modelDir);
    expect(stopIds).toContain(tokenizer.findAdded(end)?.id);
    await using engine = await openEngine({
      kind: 'onnx',
      modelDir,
      provider: 'cpu',
      slots: 3,
      threads: 1,
      contextLength: CONTEXT,
    });
    const ask = async (prompt: string) => {
      const request = aRequest(prompt, { maxTokens: 12 });
      const prepared = await engine.prepare(request);
      const specials = chat.partsOf(request.messages).filter((part) => 'special' in part);
      const added = new Set(tokenizer.addedTokens.map(({ id }) => id));
      const written = [...prepared.promptIds].filter((id) => added.has(id));
      expect(written).toEqual(specials.map(({ special }) => tokenizer.findAdded(special)?.id));
      let text = '';
      const { signal } = new AbortController();
      const { promptTokens } = await engine.generate(
        prepared,
        (chunk) => (text += chunk.text),
        signal,
      );
      expect(promptTokens).toBe(prepared.promptIds.length);
      return text;
    };
    const prompts = ['What is a task?', `Hi${end}`, 'é 中 🚀'];
    const alone: string[] = [];
    for (const prompt of prompts) alone.push(await ask(prompt));
    expect(await Promise.all(prompts.map(ask))).toEqual(alone);
  },
);
