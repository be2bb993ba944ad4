import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { findRedis } from './find-redis.ts';
import { machineEnvironment } from './machine-environment.ts';

// Reads the package lists of the machine's Debian mirror: some seconds, and only where there is one.
test.runIf(machineEnvironment['RUNFLEET_TEST_APT'] === '1')(
  "where the machine has no Redis, Debian's is fetched once and runs",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'runfleet-debian-'));
    const steps: string[] = [];
    const find = () => findRedis(join(folder, 'redis-dist'), (step) => steps.push(step), []);

    const found = await find();
    expect(found.file).toBe(join(folder, 'redis-dist', 'usr', 'bin', 'redis-server'));
    expect(steps).toHaveLength(2);

    expect(await find()).toEqual(found);
    expect(steps).toHaveLength(2);
    await rm(folder, { recursive: true });
  },
);
