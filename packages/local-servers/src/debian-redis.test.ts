import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { expect, test, vi } from 'vitest';

import { findRedis } from './find-redis.ts';
import { machineEnvironment } from './machine-environment.ts';

// Reads the package lists of the machine's Debian mirror, which takes some seconds.
test.runIf(machineEnvironment['RUNFLEET_TEST_APT'] === '1')(
  "Debian's Redis is fetched once if the machine has none, and again if the copy no longer runs",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'runfleet-debian-'));
    const steps: string[] = [];
    const find = () => findRedis(folder, (step) => steps.push(step), []);

    const found = await find();
    expect(dirname(found.file)).toMatch(/redis-[\w.-]+\/usr\/bin$/u);
    expect(steps).toHaveLength(2);

    expect(await find()).toEqual(found);
    expect(steps).toHaveLength(2);

    await truncate(found.file, 1_000);
    expect(await find()).toEqual(found);
    expect(steps).toHaveLength(4);
    await rm(folder, { recursive: true });
  },
);

test('without a reachable mirror, the error names the next steps with and without a network', async ({
  onTestFinished,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'runfleet-offline-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  // Nothing listens on the port of the only source.
  await writeFile(
    join(folder, 'sources'),
    'deb [trusted=yes] http://127.0.0.1:9/debian stable main',
  );
  await writeFile(
    join(folder, 'apt.conf'),
    `Dir::Etc::sourcelist "${folder}/sources"; Dir::Etc::sourceparts "/dev/null";`,
  );
  vi.stubEnv('APT_CONFIG', join(folder, 'apt.conf'));
  onTestFinished(() => void vi.unstubAllEnvs());

  const found = findRedis(folder, () => {}, []);
  await expect(found).rejects.toThrow(/No Redis 7\.0 or newer on this machine/u);
  await expect(found).rejects.toThrow(
    /There is no apt-get|kept in .*later starts need no network/u,
  );
  await expect(found).rejects.toThrow(/Set REDIS_URL, or install it: "apt install redis-server"/u);
});
