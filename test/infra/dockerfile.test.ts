import { existsSync, readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { environmentOf, inheritedInstructions, lastOf, readDockerfile } from './read-dockerfile.ts';

const ROOT = new URL('../../', import.meta.url);
const stages = readDockerfile(new URL('infra/Dockerfile', ROOT));
const ROLES = ['api', 'gateway', 'broker', 'worker'];

const everyInstruction = [...stages.values()].flatMap(({ instructions }) => instructions);

test.each([...stages.values()])(
  '$name builds on a stage above it, on the node image or on the CUDA image',
  (stage) => {
    const above = [...stages.keys()].slice(0, [...stages.keys()].indexOf(stage.name));

    expect([...above, '${NODE_IMAGE}', '${CUDA_IMAGE}']).toContain(stage.base);
  },
);

test('files copied from the repository exist', () => {
  const sources = everyInstruction
    .filter(({ name, text }) => name === 'COPY' && !text.startsWith('--from='))
    .flatMap(({ text }) => text.split(/\s+/).slice(0, -1));

  expect(sources).toContain('pnpm-lock.yaml');
  expect(sources.filter((source) => !existsSync(new URL(source, ROOT)))).toEqual([]);
});

test('files are copied only from stages that exist', () => {
  const origins = everyInstruction.flatMap(({ text }) => /^--from=(\S+)/.exec(text)?.[1] ?? []);

  expect(origins.filter((origin) => !stages.has(origin))).toEqual([]);
});

test('the image installs with the pnpm of package.json, from the lockfile, without downloads by install scripts', () => {
  const manifest: { packageManager: string } = JSON.parse(
    readFileSync(new URL('package.json', ROOT), 'utf8'),
  );
  const packages = inheritedInstructions(stages, 'packages');
  const commands = packages.filter(({ name }) => name === 'RUN').map(({ text }) => text);

  expect(commands).toContain(`npm install --global ${manifest.packageManager}`);
  expect(commands.at(-1)).toMatch(/^pnpm install --offline --frozen-lockfile --prod /);
  expect(environmentOf(packages)['ONNXRUNTIME_NODE_INSTALL']).toBe('skip');
});

test.each(ROLES)(
  'the %s image starts its role as an ordinary user and has a health check',
  (role) => {
    const instructions = inheritedInstructions(stages, role);
    const port = `${role.toUpperCase()}_PORT`;

    expect(lastOf(instructions, 'USER')).toBe('node');
    expect(lastOf(instructions, 'CMD')).toBe(`["start", "--roles", "${role}"]`);
    expect(lastOf(instructions, 'HEALTHCHECK')).toMatch(
      new RegExp(String.raw`CMD node infra/healthcheck\.mjs "\$${port}"$`),
    );
    expect(lastOf(instructions, 'EXPOSE')).toBe(environmentOf(instructions)[port]);
  },
);

test('worker-cuda is a worker whose build fails if a library is missing', () => {
  const [plain, cuda] = ['worker', 'worker-cuda'].map((name) =>
    inheritedInstructions(stages, name),
  );
  const same = ['USER', 'ENTRYPOINT', 'CMD', 'EXPOSE', 'HEALTHCHECK', 'WORKDIR'];
  const of = (instructions = plain) => same.map((name) => lastOf(instructions ?? [], name));

  expect(of(cuda)).toEqual(of(plain));
  expect(environmentOf(cuda ?? [])).toMatchObject({
    ...environmentOf(stages.get('worker')?.instructions ?? []),
    NODE_ENV: 'production',
    ENGINE_PROVIDER: 'cuda',
  });
  const runs = (cuda ?? []).filter(({ name }) => name === 'RUN').map(({ text }) => text);
  expect(runs.at(-1)).toBe(
    'node --import tsx apps/runfleet/src/main.ts gpu check --without-driver',
  );
  const fetches = stages.get('cuda-packages')?.instructions.find(({ name }) => name === 'RUN');
  expect(fetches?.text).toContain('apps/runfleet/src/main.ts gpu install');
});

test('the program that the images run exists', () => {
  const command = JSON.parse(
    lastOf(inheritedInstructions(stages, 'runfleet'), 'ENTRYPOINT') ?? '[]',
  ) as string[];

  expect(command.slice(0, -1)).toEqual(['node', '--no-js-float16array', '--import', 'tsx']);
  expect(existsSync(new URL(command.at(-1) ?? '', ROOT))).toBe(true);
});
