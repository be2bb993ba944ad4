/**
 * The programs that the suite may run: those that the README names, and those that a test
 * declares.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { PATIENCE_MS } from '../patience.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The GNU coreutils that scripts use. */
const COREUTILS =
  `basename cat chmod chown cp cut date dd df dirname echo env expr false head id install
  link ln ls mkdir mkfifo mknod mktemp mv nice nohup nproc od printf pwd readlink realpath rm rmdir sleep
  sort split stat sync tail tee test timeout touch tr true tty uname uniq unlink wc whoami yes`.split(
    /\s+/u,
  );
// npm runs its scripts with sh.
const NODE = ['node', 'npm', 'npx', 'sh'];
// Postgres comes with the npm packages; Redis may be installed on the machine.
const SERVERS = ['redis-server', 'valkey-server'];

const CALL =
  /(?<![.\w])(?:spawn|spawnSync|execFile|execFileSync|execSync|exec|execute|run|TestProcess)\)?\(\s*['"`]([^'"`\s/]+)/gu;
const NEED = /missingPrograms\(([^)]*)\)/gu;

test('a test that runs a program other than Node and coreutils first checks that it is installed', async () => {
  const unsaid: string[] = [];
  for (const path of await testFiles()) {
    const text = await readFile(join(ROOT, path), 'utf8');
    if (!/node:child_process|test-process\.ts/u.test(text)) continue;
    const asked = [...text.matchAll(NEED)].flatMap(([, names = '']) =>
      [...names.matchAll(/'([^']+)'/gu)].map(([, name]) => name),
    );
    const known = new Set([...COREUTILS, ...NODE, ...asked]);
    for (const [, program = ''] of text.matchAll(CALL)) {
      if (!known.has(program)) unsaid.push(`${path}: ${program}`);
    }
  }
  expect(unsaid).toEqual([]);
});

test(
  'the suite starts with a PATH of Node and coreutils alone',
  { timeout: PATIENCE_MS },
  async ({ onTestFinished }) => {
    const path = await mkdtemp(join(tmpdir(), 'runfleet-path-'));
    onTestFinished(() => rm(path, { recursive: true }));
    for (const name of [...COREUTILS, 'npm', 'npx', 'sh', ...SERVERS]) {
      const program = onPath(name);
      if (program !== undefined) await symlink(program, join(path, name));
    }
    await symlink(process.execPath, join(path, 'node'));

    const vitest = join(
      dirname(createRequire(join(ROOT, 'package.json')).resolve('vitest/package.json')),
      'vitest.mjs',
    );
    const files = ['claim-folder', 'guarded-server', 'quote.test', 'install.test'];
    const env = {
      PATH: path,
      HOME: process.env['HOME'],
      XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'],
    };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [vitest, 'run', '--reporter=json', ...files],
      { cwd: ROOT, env, maxBuffer: 10_000_000 },
    );
    const report = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Record<string, number>;
    expect(report).toMatchObject({ numFailedTests: 0, numPendingTests: 0 });
    expect(report['numPassedTests']).toBeGreaterThan(files.length);
  },
);

async function testFiles(): Promise<string[]> {
  const groups = await Promise.all(
    ['apps', 'packages'].map(async (group) =>
      (await readdir(join(ROOT, group))).map((name) => join(group, name, 'src')),
    ),
  );
  const tests = (await readdir(join(ROOT, 'test'))).filter((name) => name !== 'node_modules');
  const folders = [...groups.flat(), ...tests.map((name) => join('test', name))];
  const found = await Promise.all(
    folders.map(async (folder) => {
      // A file, or a folder without sources.
      const names = await readdir(join(ROOT, folder), { recursive: true }).catch(() => []);
      return names.map((name) => join(folder, name));
    }),
  );
  return found
    .flat()
    .filter((path) => path.endsWith('.ts') && path !== relative(ROOT, import.meta.filename))
    .filter((path) =>
      path.startsWith('test/') ? !/^test\/(bench|samples)\//u.test(path) : /test/u.test(path),
    );
}

function onPath(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}
