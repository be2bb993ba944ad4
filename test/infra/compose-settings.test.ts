import { loadConfig } from '@runfleet/service';
import { describe, expect, test } from 'vitest';

import { interpolate, readCompose } from './read-compose.ts';
import { environmentOf, inheritedInstructions, readDockerfile } from './read-dockerfile.ts';
import { CONFIGS, listSharedSettings, ROLES } from './settings.ts';

const INFRA = new URL('../../infra/', import.meta.url);
const { compose } = readCompose(new URL('compose.yaml', INFRA));
const stages = readDockerfile(new URL('Dockerfile', INFRA));
const declared = new Set(listSharedSettings().map(({ name }) => name));

const FILLED_IN = {
  POSTGRES_PASSWORD: 'x',
  REDIS_PASSWORD: 'x',
  MASTER_KEY: '0'.repeat(64),
  MODEL_FOLDER: '/models',
};

function composeEnvironment(service: string, values: Record<string, string>) {
  return Object.fromEntries(
    Object.entries(compose.services[service]?.environment ?? {}).map(([name, value]) => [
      name,
      interpolate(value, values),
    ]),
  );
}

describe.each(ROLES)('%s', (role) => {
  const image = environmentOf(inheritedInstructions(stages, role));

  test('is set nothing that no role declares', () => {
    const { NODE_ENV: _ofNode, ...settings } = image;
    const names = Object.keys({ ...settings, ...compose.services[role]?.environment });

    expect(names.filter((name) => !declared.has(name))).toEqual([]);
  });

  test('starts with what its image, the compose file and a filled-in env file set', () => {
    const env = { ...image, ...composeEnvironment(role, FILLED_IN) };

    expect(loadConfig<(typeof CONFIGS)[typeof role]>(CONFIGS[role], env)).toBeDefined();
  });

  test('does not start from an env file that is not filled in', () => {
    expect(() => composeEnvironment(role, {})).toThrow('is not set: set it in infra/.env');
  });
});

test('api and workers agree on what a run may ask for', () => {
  const settings = (role: 'api' | 'worker') => ({
    ...environmentOf(inheritedInstructions(stages, role)),
    ...composeEnvironment(role, FILLED_IN),
  });
  const [api, worker] = [settings('api'), settings('worker')];

  for (const name of ['MAX_TOKENS_CAP', 'MAX_TIMEOUT_SECONDS']) {
    expect(api[name]).toBeDefined();
    expect(worker[name]).toBe(api[name]);
  }
});
