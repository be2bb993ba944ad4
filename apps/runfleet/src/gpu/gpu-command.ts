/** `runfleet gpu`: installs and checks what a GPU needs. Results go to stdout, the rest to stderr. */
import { parseArgs } from 'node:util';

import type { Digest } from '@runfleet/downloads';

import { formatBytes } from '../cli/format-bytes.ts';
import { reportTransfer } from '../cli/report-transfer.ts';
import { runSubcommand } from '../cli/subcommands.ts';
import { UsageError } from '../cli/with-usage.ts';
import type { CudaWants, WantedLibrary } from './cuda-wants.ts';
import { readGpuContext } from './gpu-context.ts';
import { checkProvider, installProvider } from './install-provider.ts';

const USAGE = `runfleet gpu <command> [--json]

  install                       downloads ONNX Runtime's CUDA provider and lists the CUDA and cuDNN it needs
      [--from URL|FILE]         the NuGet package Microsoft.ML.OnnxRuntime.Gpu.Linux from another place, or the
                                wheel that "pip download --no-deps onnxruntime-gpu==VERSION" fetches
      [--sha DIGEST]            its SHA-256 or SHA-512 in hexadecimal, or SHA-512 in base64
  check [--without-driver]      fails if this machine lacks a library that the provider needs

NUGET_URL is the NuGet server. Exit code: 0 done, 1 failed, 2 wrong usage.
`;

/** Throws with the reason and the next step if the command fails. */
export async function gpu(args: readonly string[]): Promise<void> {
  await runSubcommand(USAGE, { install, check }, args);
}

async function install(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      from: { type: 'string' },
      sha: { type: 'string' },
    },
  });
  const digest = values.sha === undefined ? undefined : readDigest(values.sha);
  const report = reportTransfer('CUDA provider');
  const installed = await installProvider(readGpuContext(), {
    from: values.from,
    digest,
    onProgress: report.onProgress,
    onStep: report.onStep,
  }).finally(report.end);

  if (values.json) {
    process.stdout.write(`${JSON.stringify(installed, null, 2)}\n`);
    return;
  }
  if (!installed.isVerified) {
    process.stderr.write('The package was not verified: no checksum is known. --sha sets one.\n');
  }
  process.stdout.write(
    `${installed.isNew ? 'Installed' : 'Already installed'} in ${installed.dir}\n` +
      installed.libraries
        .map(({ name, sizeBytes }) => `  ${name}  ${formatBytes(sizeBytes)}\n`)
        .join('') +
      describe(installed.wants),
  );
  const missing = installed.wants.libraries.filter(({ foundAt }) => foundAt === null);
  if (missing.length > 0) process.stderr.write(`${nextStep(installed.wants, missing)}\n`);
}

async function check(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      'without-driver': { type: 'boolean', default: false },
    },
  });
  const wants = await checkProvider(readGpuContext());
  process.stdout.write(values.json ? `${JSON.stringify(wants, null, 2)}\n` : describe(wants));
  const missing = wants.libraries.filter(
    ({ kind, foundAt }) => foundAt === null && !(values['without-driver'] && kind === 'driver'),
  );
  if (missing.length > 0) throw new Error(nextStep(wants, missing));
}

function readDigest(text: string): Digest {
  if (/^[\da-f]{64}$/iu.test(text)) return { algorithm: 'sha256', hex: text.toLowerCase() };
  if (/^[\da-f]{128}$/iu.test(text)) return { algorithm: 'sha512', hex: text.toLowerCase() };
  if (/^[A-Za-z0-9+/]{86}==$/u.test(text)) {
    return { algorithm: 'sha512', hex: Buffer.from(text, 'base64').toString('hex') };
  }
  throw new UsageError('--sha must be 64 or 128 hexadecimal digits, or a SHA-512 in base64.');
}

function describe({ cudaMajor, cudnnMajor, libraries }: CudaWants): string {
  const lines = libraries.map(({ name, foundAt }) => `  ${name}  ${foundAt ?? 'missing'}`);
  const wants = `The provider needs CUDA ${cudaMajor ?? '(version unknown)'} and cuDNN ${cudnnMajor ?? '(version unknown)'}:`;
  return `${[wants, ...lines].join('\n')}\n`;
}

function nextStep({ cudaMajor, cudnnMajor }: CudaWants, missing: readonly WantedLibrary[]): string {
  const isMissing = (kind: WantedLibrary['kind']) =>
    missing.some((library) => library.kind === kind);
  const steps = [
    ...(isMissing('cuda')
      ? [`the runtime libraries of CUDA ${cudaMajor ?? ''} (cuda-libraries-${cudaMajor ?? ''}-*)`]
      : []),
    ...(isMissing('cudnn')
      ? [`cuDNN ${cudnnMajor ?? ''} (libcudnn${cudnnMajor ?? ''}-cuda-${cudaMajor ?? ''})`]
      : []),
    ...(isMissing('driver') ? ["NVIDIA's driver"] : []),
  ];
  const named = missing.map(({ name, problem }) => name + (problem ? ` (${problem})` : ''));
  return `This machine lacks ${named.join(', ')}. Install ${steps.join(' and ')} from NVIDIA, or use the worker-cuda image.`;
}
