import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createHealth, createMetrics, serveHealth } from '@runfleet/service';
import { expect, test } from 'vitest';

import { checkSettings } from './checks/settings.ts';
import { readDoctorSettings } from './doctor-settings.ts';
import { examine } from './testing.ts';

test('without settings the doctor uses those of a running start, and ignores a stale file', async () => {
  const RUNFLEET_HOME = await mkdtemp(join(tmpdir(), 'runfleet-doctor-'));
  try {
    expect(await readDoctorSettings({ RUNFLEET_HOME })).toMatchObject({ source: 'none' });

    const health = createHealth({ checks: {}, metrics: createMetrics({ role: 'api' }) });
    const api = await serveHealth({ host: '127.0.0.1', port: 0, health });
    const file = {
      apiUrl: `http://127.0.0.1:${api.port}/v1`,
      socketUrl: 'ws://127.0.0.1:3101/v1',
      databaseUrl: 'postgres://127.0.0.1/x',
      redisUrl: 'redis://127.0.0.1',
    };
    await writeFile(join(RUNFLEET_HOME, 'dev.json'), JSON.stringify(file));
    expect(await readDoctorSettings({ RUNFLEET_HOME })).toMatchObject({
      source: 'npm start',
      databaseUrl: file.databaseUrl,
      redisUrl: file.redisUrl,
      masterKeyFile: join(RUNFLEET_HOME, 'master.key'),
    });
    const DATABASE_URL = 'postgres://elsewhere/x';
    expect(await readDoctorSettings({ RUNFLEET_HOME, DATABASE_URL })).toMatchObject({
      source: 'environment',
      databaseUrl: DATABASE_URL,
      redisUrl: null,
    });

    await api[Symbol.asyncDispose]();
    expect(await readDoctorSettings({ RUNFLEET_HOME })).toMatchObject({ source: 'none' });
  } finally {
    await rm(RUNFLEET_HOME, { recursive: true });
  }
});

test('a secret that cannot be read is the finding of a check and does not end the doctor', async () => {
  const environment = { DATABASE_URL_FILE: '/nonexistent/url', REDIS_URL: 'redis://127.0.0.1' };
  expect(await readDoctorSettings(environment)).toMatchObject({
    source: 'environment',
    databaseUrl: null,
    redisUrl: 'redis://127.0.0.1',
  });
  const finding = await examine(checkSettings, { environment });
  expect(finding).toMatchObject({ status: 'problem' });
  expect(finding.found).toContain('DATABASE_URL cannot be read from DATABASE_URL_FILE');
});
