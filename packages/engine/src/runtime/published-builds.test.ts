import { expect, test } from 'vitest';

import { type ModelSize, TINY_MODEL } from '../builder/model-size.ts';
import { readModelFolder } from '../folder/model-folder.ts';
import { PUBLISHED_BUILDS } from '../testing/published-builds.ts';
import { ReferencePhi } from '../testing/reference-phi.ts';
import { tinyFolder } from '../testing/tiny-folder.ts';
import { openOrtCapi } from './ort-capi/ort-capi.ts';
import type { Runtime } from './runtime.ts';

const TOKENS = 8;
// The reference follows sequences past the switch of rope tables at 256 tokens.
const SIZE = { ...TINY_MODEL, originalMaxPositions: 256, maxPositions: 1024 };

/** 50 prompts of 1 to 600 tokens; the one of 250 crosses the switch within its answer. */
const PROMPTS = Array.from({ length: 50 }, (_, at) => {
  const tokens = at < 44 ? 1 + at : [100, 200, 250, 256, 257, 600][at - 44];
  return Array.from({ length: tokens ?? 1 }, (__, index) => 3 + ((index * 37 + at * 101) % 900));
});

/** The runtime's logits when the reference's own continuation is fed to it, token by token. */
async function* follow(runtime: Runtime, promptIds: readonly number[], continued: number[]) {
  const [short, long] = runtime.slotClasses;
  const ids = [...promptIds];
  let held = 0;
  let slot = 0;
  for (;;) {
    if (ids.length > short.tokens && slot === 0) {
      slot = long?.first ?? 0;
      held = 0;
    }
    let logits: Float32Array | undefined;
    while (held < ids.length) {
      const chunk = ids.slice(held, held + 200);
      logits = await runtime.prefillChunk(slot, chunk, held);
      held += chunk.length;
    }
    yield logits ?? new Float32Array();
    const next = continued[ids.length - promptIds.length];
    if (next === undefined) break;
    ids.push(next);
  }
  for (const { first, count } of [short, long].filter((each) => each !== undefined)) {
    for (let index = 0; index < count; index += 1) runtime.rewind(first + index, 0);
  }
}

function indexOfMax(logits: Float32Array | Float64Array): number {
  return logits.indexOf(Math.max(...logits));
}

// The allowed distance of a logit from the reference's follows from the precision of the graph.
const TOLERANCES: Record<string, number> = {
  'cpu-int4-awq-block-128-acc-level-4': 0.4,
  'gpu-int4-awq-block-128': 0.1,
  'cpu-int4-rtn-block-32': 1e-4,
  'cpu-int4-rtn-block-32-acc-level-4': 0.4,
  'cuda-int4-rtn-block-32': 0.1,
  'cuda-fp16': 0.1,
  'gpu-fp16': 0.1,
};

const references = new Map<string, { continued: number[]; logits: Float64Array[] }[]>();

/** The reference's answers, which builds with the same weights share. */
function answersOf(build: Partial<ModelSize> & Pick<ModelSize, 'precision' | 'quantizer'>) {
  const key = build.precision === 'int4' ? build.quantizer : 'whole';
  let answers = references.get(key);
  if (!answers) {
    const reference = new ReferencePhi({ ...SIZE, ...build });
    answers = PROMPTS.map((prompt) => {
      const logits: Float64Array[] = [];
      for (const each of reference.follow(prompt)) {
        if (logits.push(each) === TOKENS) break;
      }
      return { continued: logits.map(indexOfMax), logits };
    });
    references.set(key, answers);
  }
  return answers;
}

test.each(Object.entries(PUBLISHED_BUILDS))(
  '%s: 50 prompts continue like the float64 reference, except for ties within its precision',
  async (name, build) => {
    const tolerance = TOLERANCES[name] ?? 0;
    const folder = await readModelFolder(await tinyFolder({ ...SIZE, ...build }));
    await using runtime = await openOrtCapi(folder, {
      provider: 'cpu',
      threads: 1,
      slots: 1,
      contextLength: 1024,
    });
    let furthest = 0;
    // How much likelier the reference's own choice was, wherever another one was made.
    const ties: number[] = [];
    for (const [at, { continued, logits: wanted }] of answersOf(build).entries()) {
      let step = 0;
      for await (const logits of follow(runtime, PROMPTS[at] ?? [], continued.slice(0, -1))) {
        const expected = wanted[step] ?? new Float64Array();
        for (const [id, logit] of expected.entries()) {
          furthest = Math.max(furthest, Math.abs(logit - (logits[id] ?? 0)));
        }
        const [best = 0, chosen] = [continued[step], indexOfMax(logits)];
        if (best !== chosen) ties.push((expected[best] ?? 0) - (expected[chosen] ?? 0));
        step += 1;
      }
      expect([at, step]).toEqual([at, TOKENS]);
    }
    expect(furthest).toBeLessThan(tolerance);
    expect(Math.max(0, ...ties)).toBeLessThan(2 * tolerance);
    expect(ties.length).toBeLessThan(10);
  },
  60_000,
);
