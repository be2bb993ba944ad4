import { listSettings, loadConfig } from '@runfleet/service';
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

  test('gets only settings that a role declares', () => {
    const { NODE_ENV: _ofNode, ...settings } = image;
    const names = Object.keys({ ...settings, ...compose.services[role]?.environment });

    expect(names.filter((name) => !declared.has(name))).toEqual([]);
  });

  test('starts with the settings of its image, the compose file and a filled-in env file', () => {
    const env = { ...image, ...composeEnvironment(role, FILLED_IN) };

    expect(loadConfig<(typeof CONFIGS)[typeof role]>(CONFIGS[role], env)).toBeDefined();
  });

  test('does not start from an env file that is not filled in', () => {
    expect(() => composeEnvironment(role, {})).toThrow('is not set: set it in infra/.env');
  });
});

/** Settings that compose omits on purpose. */
const NOT_PASSED: Readonly<Record<string, string>> = {
  MASTER_KEY_FILE: 'MASTER_KEY is required',
  DASHBOARD_DIR: 'the image has the dashboard at the default path of the API',
  WORKER_NAME: "containers of one service have names of their own, the host's",
  ECHO_TOKEN_DELAY_MS: 'for tests',
};

test.each(ROLES)('every setting of %s is passed, in its image, or omitted on purpose', (role) => {
  const given = {
    ...environmentOf(inheritedInstructions(stages, role)),
    ...compose.services[role]?.environment,
  };
  const names = listSettings(CONFIGS[role]).map(({ name }) => name);

  expect(names.filter((name) => !(name in given) && !(name in NOT_PASSED))).toEqual([]);
  expect(names.filter((name) => name in given && name in NOT_PASSED)).toEqual([]);
});

test('everything that is omitted on purpose is a setting', () => {
  expect(Object.keys(NOT_PASSED).filter((name) => !declared.has(name))).toEqual([]);
});

test('a setting of several roles has one value for all of them', () => {
  const texts = new Map<string, Set<string>>();
  for (const role of ROLES) {
    for (const [name, text] of Object.entries(compose.services[role]?.environment ?? {})) {
      texts.set(name, (texts.get(name) ?? new Set()).add(text));
    }
  }
  const shared = listSharedSettings().filter(({ byRole }) => byRole.size > 1);

  expect(shared.map(({ name }) => name)).toEqual(expect.arrayContaining(['PUBLIC_API_URL']));
  expect([...texts].filter(([, values]) => values.size > 1)).toEqual([]);
});

test('a setting that is not set has the default of its schema', () => {
  const defaults = Object.values(compose.services).flatMap(({ environment }) =>
    Object.values(environment ?? {}).flatMap((text) => /\$\{\w+:-([^}]+)\}/.exec(text)?.[1] ?? []),
  );

  expect(defaults).toEqual([]);
});
