/** A checkout explains a wrong install command and an unusable folder. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test as base } from 'vitest';

import { PATIENCE_MS } from '../patience.ts';
import { TestProcess } from './test-process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILES = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'scripts'];

const test = base.extend('parent', async ({}, { onCleanup }) => {
  const parent = await mkdtemp(join(tmpdir(), 'runfleet-install-'));
  onCleanup(() => rm(parent, { recursive: true, force: true }));
  return parent;
});

/** Runs npm in a new checkout in `folder` with only the files that npm and the scripts read. */
async function npm(folder: string, args: readonly string[]): Promise<TestProcess> {
  await mkdir(folder);
  for (const file of FILES) await cp(join(ROOT, file), join(folder, file), { recursive: true });
  const { PATH, HOME } = process.env;
  const started = new TestProcess('npm', ['--prefix', folder, ...args], { PATH, HOME });
  await started.closed;
  return started;
}

test(
  '`npm install` names the command to type instead',
  { timeout: PATIENCE_MS },
  async ({ parent }) => {
    await using typed = await npm(join(parent, 'checkout'), ['install', '--offline']);
    expect(await typed.exited).not.toBe(0);
    expect(typed.stderr).toContain('catalog:type-npm-start-or-pnpm-install');
  },
);

test.for(['a?b', 'a\\b'])(
  'a folder from which Node cannot load modules is named: %s',
  { timeout: PATIENCE_MS },
  async (name, { parent }) => {
    const folder = join(parent, name);
    await using start = await npm(folder, ['start', '--', '--ephemeral']);
    expect(await start.exited).toBe(1);
    expect(start.stderr).toContain(`in its path: ${folder}\nMove or rename it, then start again.`);
    expect(start.stderr).not.toMatch(/^ +at /m);
  },
);

/** Replaces pnpm: prints how it was called, and fails. */
const RECORDING_PNPM = `#!/usr/bin/env node
if (process.argv[2] === '--version') process.stdout.write(process.env.PNPM_VERSION);
else {
  const { npm_config_omit: omit, npm_config_production: production } = process.env;
  process.stdout.write(JSON.stringify({ args: process.argv.slice(2), omit, production }) + '\\n');
  process.exit(1);
}
`;

test(
  'missing build tools are installed, even if the shell is set to production',
  { timeout: PATIENCE_MS },
  async ({ parent }) => {
    const folder = join(parent, 'checkout');
    await mkdir(join(folder, 'node_modules', '.pnpm'), { recursive: true });
    for (const file of FILES) await cp(join(ROOT, file), join(folder, file), { recursive: true });
    // The state after `pnpm install --prod`.
    await cp(join(ROOT, 'pnpm-lock.yaml'), join(folder, 'node_modules', '.pnpm', 'lock.yaml'));
    const left = { included: { dependencies: true, devDependencies: false } };
    await writeFile(join(folder, 'node_modules', '.modules.yaml'), JSON.stringify(left));
    await writeFile(join(parent, 'pnpm'), RECORDING_PNPM, { mode: 0o755 });

    const { packageManager } = JSON.parse(
      await readFile(join(ROOT, 'package.json'), 'utf8'),
    ) as Record<string, string>;
    await using start = new TestProcess(
      process.execPath,
      [join(folder, 'scripts', 'start.mjs'), '--ephemeral'],
      {
        PATH: `${parent}${delimiter}${process.env['PATH'] ?? ''}`,
        PNPM_VERSION: packageManager?.replace('pnpm@', ''),
        NODE_ENV: 'production',
        npm_config_omit: 'dev',
        npm_config_production: 'true',
      },
    );
    await start.closed;
    const noted = /^\{.*\}$/m.exec(start.stderr)?.[0] ?? '{}';
    expect(JSON.parse(noted)).toEqual({
      args: expect.arrayContaining(['install', '--frozen-lockfile', '--prod=false']),
    });
  },
);
