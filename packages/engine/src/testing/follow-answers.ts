import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Runtime } from '../runtime/runtime.ts';

/** How another implementation continues some prompts, as tools/build-genai-folders.py stores it. */
export type StoredAnswers = {
  precision: string;
  /** Tokens after which the model changes its rope table. */
  switch: number;
  /** The ids whose logits are stored. */
  probes: number[];
  answers: { prompt: number[]; continued: number[]; logits: number[][] }[];
};

export async function readStoredAnswers(dir: string): Promise<StoredAnswers> {
  return JSON.parse(await readFile(join(dir, 'answers.json'), 'utf8'));
}

/**
 * Feeds the stored continuations to the runtime, token by token. Returns the largest distance from
 * the stored logits, and how many tokens the runtime would have chosen differently.
 */
export async function followAnswers(
  runtime: Runtime,
  stored: StoredAnswers,
): Promise<{ distance: number; otherChoices: number; tokens: number }> {
  const [short, long] = runtime.slotClasses;
  let [distance, otherChoices, tokens] = [0, 0, 0];
  for (const { prompt, continued, logits: expected } of stored.answers) {
    const ids = [...prompt];
    let slot = short.first;
    let held = 0;
    for (const [step, id] of continued.entries()) {
      if (ids.length > short.tokens && slot === short.first) {
        if (!long) throw new RangeError('The answers need a long slot.');
        [slot, held] = [long.first, 0];
      }
      const missing = ids.slice(held);
      const newest = { slot, id: missing[0] ?? 0, length: held };
      const [decoded] = missing.length === 1 ? await runtime.decode([newest]) : [];
      const logits = decoded ?? (await runtime.prefillChunk(slot, missing, held));
      held = ids.length;
      const probes = stored.probes.map((at) => logits[at] ?? Number.NaN);
      const wanted = expected[step] ?? [];
      distance = Math.max(
        distance,
        ...probes.map((logit, at) => Math.abs(logit - (wanted[at] ?? 0))),
      );
      if (logits.indexOf(Math.max(...logits)) !== id) otherChoices += 1;
      ids.push(id);
      tokens += 1;
    }
    for (const each of [short.first, long?.first]) if (each !== undefined) runtime.rewind(each, 0);
  }
  return { distance, otherChoices, tokens };
}
