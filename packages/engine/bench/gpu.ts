/**
 * `pnpm bench:gpu`: what the engine reaches on a GPU, unattended and offline. Models of the real
 * size are built here, with random weights. Each measurement is shown with the bandwidth floor,
 * which is the bytes that a step must read divided by the device's measured copy bandwidth, and
 * with PyTorch if a Python with torch and transformers is given.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { optionsOrUsage } from '@runfleet/testing/options-or-usage';

import { buildModelFolder } from '../src/builder/build-model-folder.ts';
import { FULL_MODEL, type ModelSize, TINY_MODEL } from '../src/builder/model-size.ts';
import { chooseProvider } from '../src/runtime/choose-provider.ts';
import { findOrtLibrary } from '../src/runtime/ort-capi/ort-library.ts';
import type { ProviderName } from '../src/runtime/provider.ts';
import { measureCopyBandwidth } from './memory-bandwidth.ts';
import type { Decoding } from './protocol.ts';
import { stepBytes } from './step-bytes.ts';
import { System } from './systems/start-system.ts';
import { writeSafetensors } from './write-safetensors.ts';

const GPU_TOOL = 'nvidia-smi';
const CONTEXT = 512;
const PREFILL_TOKENS = 2_048;
const TOKENS = 64;
const CHECK_LAYERS = 4;
const PRECISIONS = {
  fp16: { precision: 'fp16' },
  int4: { precision: 'int4', variant: 'gpu' },
} as const;
/** The share of the floor to reach, by batch. */
const TARGETS: Record<number, string> = { 1: '>= 70 %', 32: '>= 50 %' };

const USAGE = `pnpm bench:gpu                              fp16 and int4 at full size, on cuda, else webgpu
pnpm bench:gpu --provider webgpu            on a provider, by name; also cpu
pnpm bench:gpu --size tiny --batches 1,4    a model of a few MB: shows that everything works
pnpm bench:gpu --python python3             PyTorch on the same weights, float16 on a GPU
pnpm bench:gpu --check                      shows in minutes that everything works: 4 layers, fp16
pnpm bench:gpu --repeats 3                  the median of several measurements
pnpm bench:gpu --json FILE                  writes the measurements
`;

const given = optionsOrUsage(readOptions, USAGE);
if (given === null) process.exit();
const values = given;
const batches = (values.batches ?? (values.check ? '1,8' : '1,8,32,64')).split(',').map(Number);
const precisions = (values.precisions ?? (values.check ? 'fp16' : 'fp16,int4')).split(
  ',',
) as (keyof typeof PRECISIONS)[];
const repeats = Number(values.repeats ?? (values.check ? 1 : 3));
const whole = values.size === 'tiny' ? TINY_MODEL : FULL_MODEL;
const base = values.check ? { ...whole, layers: Math.min(CHECK_LAYERS, whole.layers) } : whole;
const threads = availableParallelism();
const work = join(tmpdir(), 'runfleet-bench-gpu');

type Measurement = {
  precision: string;
  batch: number;
  tokensPerSecond: number;
  /** With top-p sampling instead of the likeliest token. */
  sampledTokensPerSecond: number;
  floorTokensPerSecond: number;
  pytorchTokensPerSecond?: number;
};
const decoding: Measurement[] = [];
const reading: { precision: string; tokensPerSecond: number; pytorchTokensPerSecond?: number }[] =
  [];

say(`${cpus()[0]?.model}, ${threads} threads, Linux ${release()}, Node ${process.version}`);
say(gpuLine());
await mkdir(work, { recursive: true });
// The copies also show whether the provider works on this machine.
const {
  opened: bandwidth,
  provider,
  note,
} = await chooseProvider(values.provider as ProviderName | 'auto', findOrtLibrary().dir, (name) =>
  measureCopyBandwidth(name, threads),
);
if (note) say(note);
if (provider === 'cpu' && values.provider === 'auto') {
  say(
    'No provider for a GPU opens here. --provider cpu measures the CPU, at --size tiny in seconds.',
  );
  process.exit(1);
}
say(
  `Provider ${provider}; copies ${(bandwidth / 1e9).toFixed(0)} GB/s (read and written together)`,
);
for (const precision of precisions) await measurePrecision(precision);
report();
if (values.json) {
  await writeFile(
    values.json,
    JSON.stringify({ provider, bandwidth, decoding, reading }, undefined, 1),
  );
}

async function measurePrecision(precision: keyof typeof PRECISIONS): Promise<void> {
  const size: ModelSize = { ...base, ...PRECISIONS[precision] };
  const folder = join(work, `${values.size}-${base.layers}-${precision}`);
  say(`\n${precision}: building ${folder} ...`);
  await buildModelFolder(folder, size);
  const slots = String(Math.max(...batches));
  const context = String(Math.max(PREFILL_TOKENS, CONTEXT + TOKENS) + 2 * TOKENS);
  const own = await System.start('runfleet', 'runfleet.ts', [
    folder,
    'capi',
    provider,
    slots,
    String(threads),
    context,
  ]);
  const python = await startPython(folder, size);
  try {
    const first = { batch: 1, contextTokens: PREFILL_TOKENS, tokens: 2 };
    await own.decode('decode', first);
    const read = await own.decode('decode', first);
    const theirs = await python?.decode('decode', first);
    reading.push({
      precision,
      tokensPerSecond: (1_000 * PREFILL_TOKENS) / read.prefillMs,
      ...(theirs && { pytorchTokensPerSecond: (1_000 * PREFILL_TOKENS) / theirs.prefillMs }),
    });
    for (const batch of batches) {
      const request = { batch, contextTokens: CONTEXT, tokens: TOKENS };
      const rates = { greedy: 0, sampled: 0 };
      for (const kind of ['greedy', 'sampled'] as const) {
        rates[kind] = await medianRate(own, { ...request, isSampled: kind === 'sampled' });
      }
      const other = await python?.decode('decode', request);
      const bytes = stepBytes(size, { batch, context: CONTEXT + TOKENS / 2 });
      decoding.push({
        precision,
        batch,
        tokensPerSecond: rates.greedy,
        sampledTokensPerSecond: rates.sampled,
        floorTokensPerSecond: (batch * bandwidth) / bytes,
        ...(other && { pytorchTokensPerSecond: other.tokensPerSecond }),
      });
      say(
        `${precision}, batch ${batch}: ${rates.greedy.toFixed(1)} tokens/s, ${rates.sampled.toFixed(1)} sampled`,
      );
    }
  } finally {
    await own[Symbol.asyncDispose]();
    await python?.[Symbol.asyncDispose]();
  }
}

async function medianRate(system: System, request: Decoding): Promise<number> {
  const rates: number[] = [];
  for (let left = repeats; left > 0; left -= 1) {
    rates.push((await system.decode('decode', request)).tokensPerSecond);
  }
  return rates.toSorted((left, right) => left - right)[Math.floor(repeats / 2)] ?? Number.NaN;
}

/** PyTorch has no int4 matrices, so it computes int4's weights as float16. */
async function startPython(folder: string, size: ModelSize): Promise<System | undefined> {
  if (!values.python || size.precision === 'int4') return undefined;
  writeSafetensors(join(folder, 'model.safetensors'), size);
  const [device, type] = provider === 'cpu' ? ['cpu', 'float32'] : ['cuda', 'float16'];
  return await System.startPython('PyTorch', values.python, ['pytorch.py', folder, device, type]);
}

function report(): void {
  say('\n| | batch | tokens/s | sampled | floor | of the floor | target | PyTorch |');
  say('|---|---|---|---|---|---|---|---|');
  for (const {
    precision,
    batch,
    tokensPerSecond,
    sampledTokensPerSecond,
    floorTokensPerSecond,
    ...measurement
  } of decoding) {
    const share = `${((100 * tokensPerSecond) / floorTokensPerSecond).toFixed(0)} %`;
    const cells = [
      `decode ${precision}`,
      batch,
      tokensPerSecond.toFixed(1),
      sampledTokensPerSecond.toFixed(1),
      floorTokensPerSecond.toFixed(1),
      share,
      TARGETS[batch] ?? '',
      measurement.pytorchTokensPerSecond?.toFixed(1) ?? '',
    ];
    say(`| ${cells.join(' | ')} |`);
  }
  for (const { precision, tokensPerSecond, pytorchTokensPerSecond } of reading) {
    say(
      `| prefill ${precision}, ${PREFILL_TOKENS} tokens | 1 | ${tokensPerSecond.toFixed(0)} | | | | | ${pytorchTokensPerSecond?.toFixed(0) ?? ''} |`,
    );
  }
}

function gpuLine(): string {
  try {
    const query = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader'];
    return execFileSync(GPU_TOOL, query, { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    return `no ${GPU_TOOL} here`;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      provider: { type: 'string', default: 'auto' },
      size: { type: 'string', default: 'full' },
      precisions: { type: 'string' },
      batches: { type: 'string' },
      repeats: { type: 'string' },
      check: { type: 'boolean', default: false },
      python: { type: 'string' },
      json: { type: 'string' },
    },
  });
  return values;
}
