/**
 * Compares greedy answers of Runfleet's runtimes with others on the same float32 weights, token for
 * token: our own float64 pass, transformers.js, llama.cpp and, if a Python with torch and
 * transformers is given, PyTorch.
 *
 *  node --import tsx packages/engine/bench/equal.ts [--peers FOLDER] [--python PYTHON]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { buildModelFolder } from '../src/builder/build-model-folder.ts';
import { TINY_MODEL } from '../src/builder/model-size.ts';
import { buildTokenizer } from '../src/builder/phi3/build-tokenizer.ts';
import { ReferencePhi } from '../src/testing/reference-phi.ts';
import { writeGguf } from './gguf.ts';
import { installPeers } from './install-peers.ts';
import { promptIds } from './protocol.ts';
import { System } from './systems/start-system.ts';
import { writeSafetensors } from './write-safetensors.ts';

/** Where the rope tables change; there are prompts on both sides. */
const SWITCH = 256;
const SIZE = { ...TINY_MODEL, originalMaxPositions: SWITCH, maxPositions: 8 * SWITCH };
const PROMPTS = 50;
const LONGEST = 600;
const TOKENS = 24;
/**
 * Logits closer than this, of about 15 that they span, differ only by rounding. Each such tie is
 * printed.
 */
const TIE = 5e-3;

const { values } = parseArgs({
  options: {
    peers: { type: 'string', default: join(homedir(), '.cache/runfleet/engine-peers') },
    python: { type: 'string' },
  },
});

const prompts = Array.from({ length: PROMPTS }, (_, at) =>
  promptIds(at, 1 + Math.round((at * (LONGEST - 1)) / (PROMPTS - 1))),
);
const isShort = (prompt: readonly number[]) => prompt.length + TOKENS <= SWITCH;
const isLong = (prompt: readonly number[]) => prompt.length > SWITCH;

const work = await mkdtemp(join(tmpdir(), 'runfleet-equal-'));
let isEqual = true;
try {
  const reference = new ReferencePhi(SIZE);
  const stopIds = endIds(SIZE.vocabularySize);
  /** Cuts before an id that ends an answer, because the systems differ in what follows it. */
  const cut = (ids: readonly number[]) => {
    const end = ids.findIndex((id) => stopIds.has(id));
    return end < 0 ? ids : ids.slice(0, end);
  };
  const expected = prompts.map((prompt) => cut(reference.generate(prompt, TOKENS)));
  const folder = join(work, 'published');
  const own = (runtime: string) => [folder, runtime, 'cpu', '1', '1', String(2 * LONGEST)];
  await buildModelFolder(folder, SIZE);
  await compare('Runfleet, C API', () => System.start('capi', 'runfleet.ts', own('capi')));
  // The stock binding has slots of one size, which end where the rope tables change.
  await compare(
    'Runfleet, stock binding',
    () => System.start('stock', 'runfleet.ts', own('stock')),
    isShort,
  );

  await installPeers(values.peers);
  const transformers = join(work, 'transformers');
  await buildModelFolder(transformers, { ...SIZE, layout: 'transformers' });
  // transformers.js and PyTorch keep the cache of a sequence that crosses the switch.
  await compare(
    'transformers.js',
    () => System.start('transformers.js', 'transformers.ts', [values.peers, transformers]),
    (prompt) => isShort(prompt) || isLong(prompt),
  );

  // llama.cpp chooses the table once, by the size of its context.
  const gguf = join(work, 'model.gguf');
  writeGguf(gguf, SIZE);
  await compare(
    'llama.cpp',
    () =>
      System.start('llama.cpp', 'llama-cpp.ts', [
        values.peers,
        gguf,
        '1',
        '1',
        String(SWITCH),
        'F32',
      ]),
    isShort,
  );

  if (values.python) {
    writeSafetensors(join(transformers, 'model.safetensors'), SIZE);
    const args = ['pytorch.py', transformers, 'cpu', 'float32'] as const;
    await compare(
      'PyTorch',
      () => System.startPython('PyTorch', values.python ?? '', args),
      (prompt) => isShort(prompt) || isLong(prompt),
    );
  }

  /** By how much the float64 pass prefers its own token at the first difference. */
  function gapOf(prompt: readonly number[], own: readonly number[], other: readonly number[]) {
    const at = own.findIndex((id, index) => id !== other[index]);
    if (at < 0) return [];
    const logits = reference.follow([...prompt, ...own.slice(0, at)]).next().value;
    return [(logits?.[own[at] ?? 0] ?? 0) - (logits?.[other[at] ?? 0] ?? 0)];
  }

  async function compare(
    name: string,
    start: () => Promise<System>,
    can: (prompt: readonly number[]) => boolean = () => true,
  ): Promise<void> {
    const system = await start();
    try {
      const compared = prompts.flatMap((prompt, at) => (can(prompt) ? [{ prompt, at }] : []));
      const answers = await system.continue(
        compared.map(({ prompt }) => prompt),
        TOKENS,
      );
      const gaps = compared.flatMap(({ prompt, at }, index) =>
        gapOf(prompt, expected[at] ?? [], cut(answers[index] ?? [])),
      );
      const lengths = compared.map(({ prompt }) => prompt.length);
      isEqual &&= gaps.every((gap) => gap < TIE);
      for (const gap of gaps) {
        process.stdout.write(
          `${name}: another token where its logit is ${gap.toExponential(1)} less\n`,
        );
      }
      process.stdout.write(
        `${name}: ${compared.length - gaps.length} of ${compared.length} answers of ${TOKENS} tokens equal the float64 pass (prompts of ${Math.min(...lengths)} to ${Math.max(...lengths)} tokens).\n`,
      );
    } finally {
      await system[Symbol.asyncDispose]();
    }
  }
} finally {
  await rm(work, { recursive: true, force: true });
}
process.exitCode = isEqual ? 0 : 1;

function endIds(vocabularySize: number): ReadonlySet<number> {
  const { idOf } = buildTokenizer(vocabularySize);
  return new Set(['<|end|>', '<|assistant|>', '<|endoftext|>'].map(idOf));
}
