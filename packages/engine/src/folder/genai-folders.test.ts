import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, expect, test } from 'vitest';

import { openOrtCapi } from '../runtime/ort-capi/ort-capi.ts';
import { followAnswers, readStoredAnswers } from '../testing/follow-answers.ts';
import { readModelFolder } from './model-folder.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/genai/', import.meta.url));
const TOKENIZER = 'tokenizer';
const names = (await readdir(FIXTURES)).filter((name) => name !== TOKENIZER);

const parent = await mkdtemp(join(tmpdir(), 'runfleet-genai-'));
afterAll(async () => await rm(parent, { recursive: true, force: true }));

/** The fixtures share their tokenizer. */
async function assemble(name: string): Promise<string> {
  const dir = join(parent, name);
  await cp(join(FIXTURES, TOKENIZER), dir, { recursive: true });
  await cp(join(FIXTURES, name), dir, { recursive: true });
  return dir;
}

// The logits spread over about 20. Other processors round int8 activations differently.
const TOLERANCES: Record<string, number> = { fp32: 1e-3, fp16: 0.02, int4: 0.5 };
/** Of 100 tokens, because of ties within that distance. */
const OTHER_CHOICES_MAX: Record<string, number> = { fp16: 1, int4: 5 };

test.each(names)(
  '%s, as Microsoft’s model builder writes it, continues as another implementation computed',
  async (name) => {
    const dir = await assemble(name);
    const stored = await readStoredAnswers(dir);
    const folder = await readModelFolder(dir);
    // There is no config.json, and genai_config.json does not state the switch.
    expect(folder).toMatchObject({ shortContextLength: stored.switch, contextLength: 128 });

    const spec = { provider: 'cpu', threads: 1, slots: 1, contextLength: 128 } as const;
    await using runtime = await openOrtCapi(folder, spec);
    const { distance, otherChoices, tokens } = await followAnswers(runtime, stored);
    expect(tokens).toBe(100);
    expect(distance).toBeLessThan(TOLERANCES[stored.precision] ?? 0);
    expect(otherChoices).toBeLessThanOrEqual(OTHER_CHOICES_MAX[stored.precision] ?? 0);
  },
);
