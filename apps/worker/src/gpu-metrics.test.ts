import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createLogger, createMetrics } from '@runfleet/service';
import { expect, onTestFinished, test } from 'vitest';

import { readGpus, watchGpus } from './gpu-metrics.ts';

const logger = createLogger({ role: 'worker', level: 'silent' });
const TWO = `0, NVIDIA H100 80GB HBM3, 37, 41234, 81559, 45, 312.55
1, NVIDIA H100 80GB HBM3 MIG 1g.10gb, [N/A], 11, 9728, 41, [Not Supported]
`;

test('each line is a device, and a value that it does not report is undefined', () => {
  expect(readGpus(TWO)).toEqual([
    {
      gpu: '0',
      name: 'NVIDIA H100 80GB HBM3',
      utilizationRatio: 0.37,
      memoryUsedBytes: 41_234 * 2 ** 20,
      memoryTotalBytes: 81_559 * 2 ** 20,
      temperatureCelsius: 45,
      powerWatts: 312.55,
    },
    expect.objectContaining({
      gpu: '1',
      utilizationRatio: undefined,
      temperatureCelsius: 41,
      powerWatts: undefined,
    }),
  ]);
});

test.each(['', 'No devices were found\n', 'NVIDIA-SMI has failed because it could not talk.\n'])(
  '%j contains no device',
  (text) => {
    expect(readGpus(text)).toEqual([]);
  },
);

test('each value of each device is a series, with the time of its sample', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'runfleet-gpu-'));
  onTestFinished(async () => await rm(dir, { recursive: true }));
  const command = join(dir, 'nvidia-smi');
  await writeFile(command, `#!/bin/sh\ncat <<'END'\n${TWO}END\n`);
  await chmod(command, 0o755);

  const metrics = createMetrics({ role: 'worker' });
  await using _ = await watchGpus(metrics, { logger, command, now: () => 1_700_000_000_000 });
  const text = await metrics.text();
  expect(text).toMatch(/^runfleet_gpu_power_watts\{gpu="0",.*\} 312\.55$/mu);
  expect(text).toMatch(/^runfleet_gpu_utilization_ratio\{gpu="0",.*\} 0\.37$/mu);
  expect(text).toMatch(/^runfleet_gpu_memory_used_bytes\{gpu="1",.*\} 11534336$/mu);
  expect(text).toMatch(/^runfleet_gpu_sampled_timestamp_seconds\{gpu="1",.*\} 1700000000$/mu);
  expect(text).not.toMatch(/^runfleet_gpu_power_watts\{gpu="1"/mu);
});

test('without nvidia-smi there is no series', async () => {
  const metrics = createMetrics({ role: 'worker' });
  await using _ = await watchGpus(metrics, { logger, command: '/nowhere/nvidia-smi' });
  expect(await metrics.text()).not.toMatch(/^runfleet_gpu_\w+\{/mu);
});
