import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type { Logger, Metrics } from '@runfleet/service';

const execute = promisify(execFile);

const SAMPLE_MS = 10_000;
const ANSWER_MS_MAX = 5_000;
const MIB = 2 ** 20;
const FIELDS = [
  'index',
  'name',
  'utilization.gpu',
  'memory.used',
  'memory.total',
  'temperature.gpu',
  'power.draw',
] as const;
const QUERY = [`--query-gpu=${FIELDS.join()}`, '--format=csv,noheader,nounits'];

/** One device as `nvidia-smi` reports it; undefined where the device does not report a value. */
export type GpuSample = {
  gpu: string;
  name: string;
  utilizationRatio: number | undefined;
  memoryUsedBytes: number | undefined;
  memoryTotalBytes: number | undefined;
  temperatureCelsius: number | undefined;
  powerWatts: number | undefined;
};

/**
 * Samples each GPU's load, memory, temperature and power, with the time of the sample. Without
 * `nvidia-smi` there are no series. When it stops answering, the series are removed, so that an old
 * value is not taken for a current one.
 */
export async function watchGpus(
  metrics: Metrics,
  options: { logger: Logger; command?: string; now?: () => number },
): Promise<AsyncDisposable> {
  const { logger, command = 'nvidia-smi', now = Date.now } = options;
  const gauges = gpuGauges(metrics);
  const isThere = await sample();
  const timer = isThere ? setInterval(() => void sample(), SAMPLE_MS).unref() : undefined;
  return {
    [Symbol.asyncDispose]: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };

  async function sample(): Promise<boolean> {
    try {
      const { stdout } = await execute(command, QUERY, { timeout: ANSWER_MS_MAX });
      gauges.set(readGpus(stdout), now() / 1_000);
      return true;
    } catch (err) {
      gauges.clear();
      logger.debug({ err }, 'nvidia-smi gave no sample');
      return false;
    }
  }
}

function gpuGauges(metrics: Metrics) {
  const labels = ['gpu', 'name'] as const;
  const gauge = (name: string, help: string) => metrics.gauge(name, help, labels);
  const sampledAt = gauge('runfleet_gpu_sampled_timestamp_seconds', 'Time of the last sample.');
  const gauges = {
    utilizationRatio: gauge(
      'runfleet_gpu_utilization_ratio',
      'Share of time that the GPU was busy.',
    ),
    memoryUsedBytes: gauge('runfleet_gpu_memory_used_bytes', 'Memory in use.'),
    memoryTotalBytes: gauge('runfleet_gpu_memory_total_bytes', 'Memory of the device.'),
    temperatureCelsius: gauge('runfleet_gpu_temperature_celsius', 'Temperature of the chip.'),
    powerWatts: gauge('runfleet_gpu_power_watts', 'Power drawn.'),
  };
  const clear = () => {
    for (const each of [sampledAt, ...Object.values(gauges)]) each.reset();
  };
  return {
    clear,
    set(samples: readonly GpuSample[], atSeconds: number) {
      clear();
      for (const { gpu, name, ...figures } of samples) {
        sampledAt.set({ gpu, name }, atSeconds);
        for (const [key, figure] of Object.entries(figures)) {
          if (figure !== undefined) gauges[key as keyof typeof figures].set({ gpu, name }, figure);
        }
      }
    },
  };
}

/**
 * Parses lines such as `0, NVIDIA H100 80GB HBM3, 37, 41234, 81559, 45, 312.55`, one per device.
 */
export function readGpus(text: string): GpuSample[] {
  return text.split('\n').flatMap((line) => {
    const [gpu = '', name = '', ...rest] = line.split(',').map((field) => field.trim());
    // Other lines are error messages, or the empty last line.
    if (rest.length !== FIELDS.length - 2 || !/^\d+$/u.test(gpu)) return [];
    const [utilization, used, total, temperature, power] = rest.map(readFigure);
    return [
      {
        gpu,
        name,
        utilizationRatio: utilization === undefined ? undefined : utilization / 100,
        memoryUsedBytes: used === undefined ? undefined : used * MIB,
        memoryTotalBytes: total === undefined ? undefined : total * MIB,
        temperatureCelsius: temperature,
        powerWatts: power,
      },
    ];
  });
}

/** Undefined for `[N/A]` and `[Not Supported]`. */
function readFigure(text: string): number | undefined {
  return /^-?\d+(?:\.\d+)?$/u.test(text) ? Number(text) : undefined;
}
