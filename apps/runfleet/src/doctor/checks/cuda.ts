import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { readGpuContext } from '../../gpu/gpu-context.ts';
import { type CheckContext, type Finding, ok, problem, reasonOf } from '../check.ts';
import { readInstalledWants } from './cuda-libraries.ts';

/** The CUDA version of ONNX Runtime's packages since 1.27; an installed provider names its own. */
const CUDA_MAJOR = 13;
const VRAM_MIB_MIN = 6_000;
const NO_GPU = 'no NVIDIA GPU found: models run on the CPU';
const QUERY = [
  '--query-gpu=name,driver_version,memory.total,memory.free',
  '--format=csv,noheader,nounits',
];

const run = promisify(execFile);

/** Checks NVIDIA's driver, the CUDA version that it supports, and the free memory of the GPUs. */
export async function checkCuda({ settings, signal }: CheckContext): Promise<Finding> {
  const options = { signal, env: { PATH: settings.environment['PATH'] ?? '' } };
  try {
    const [cards, summary, wants] = await Promise.all([
      run('nvidia-smi', QUERY, options),
      run('nvidia-smi', ['-q', '-d', 'COMPUTE'], options),
      // The check `cuda-libraries` reports a provider that cannot be read.
      readInstalledWants(readGpuContext()).catch(() => null),
    ]);
    return judgeCuda(cards.stdout, summary.stdout, {
      cudaMajor: Number(wants?.cudaMajor ?? CUDA_MAJOR),
      device: settings.device,
    });
  } catch (error) {
    const { code, stdout } = Object(error) as { code?: unknown; stdout?: unknown };
    if (code !== 'ENOENT') {
      const output = typeof stdout === 'string' && stdout.trim() !== '' ? stdout.trim() : error;
      return problem(
        `nvidia-smi fails: ${reasonOf(typeof output === 'string' ? new Error(output) : output)}`,
        "Install or reload NVIDIA's driver; reboot if it was just upgraded.",
      );
    }
    return settings.provider === 'cuda'
      ? problem(
          'no NVIDIA GPU found, and ENGINE_PROVIDER is cuda',
          "Install NVIDIA's driver (nvidia-smi must work), or set ENGINE_PROVIDER=auto.",
        )
      : ok(NO_GPU);
  }
}

/**
 * `cards` is the CSV of the query above, `summary` holds the newest CUDA version that the driver
 * supports, `cudaMajor` is the version that the provider is built for, and `device` the index of the
 * card that a worker uses.
 */
export function judgeCuda(
  cards: string,
  summary: string,
  { cudaMajor, device }: { cudaMajor: number; device: number },
): Finding {
  const rows = cards
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(',').map((cell) => cell.trim()));
  if (rows.length === 0) return ok(NO_GPU);
  const cuda = /CUDA Version\s*:\s*(\d+)\.(\d+)/.exec(summary);
  const major = Number(cuda?.[1] ?? 0);
  const listed = rows
    .map(([name, , total, free], index) => {
      const label = rows.length > 1 ? `${index}: ` : '';
      return `${label}${name} (${free} of ${total} MiB free)`;
    })
    .join(', ');
  const version = cuda ? `${cuda[1]}.${cuda[2]}` : 'of unknown version';
  const found = `${listed}, driver ${rows[0]?.[1]}, CUDA ${version}`;
  if (major < cudaMajor) {
    return problem(
      `${found}; CUDA ${cudaMajor} is needed`,
      'Install a newer NVIDIA driver, or use the CPU: ENGINE_PROVIDER=cpu.',
    );
  }
  const used = rows[device];
  if (!used) {
    return problem(
      `${found}; ENGINE_DEVICE is ${device}, and the last card is ${rows.length - 1}`,
      'Set ENGINE_DEVICE to the index of a card, one worker for each.',
    );
  }
  // A card of unknown memory (N/A) counts as large enough.
  const isRoomy = !(Number(used[3]) < VRAM_MIB_MIN);
  const which = rows.length > 1 ? `; a worker uses card ${device} (ENGINE_DEVICE)` : '';
  return isRoomy
    ? ok(`${found}${which}`)
    : problem(
        `${found}${which}; the model of the catalogue needs about ${VRAM_MIB_MIN} MiB`,
        'Stop other programs that use the GPU, or use a smaller model or the CPU.',
      );
}
