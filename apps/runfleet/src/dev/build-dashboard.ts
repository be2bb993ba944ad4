import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DASHBOARD = fileURLToPath(new URL('../../../dashboard', import.meta.url));

const SOURCES = ['src', 'public', 'index.html', 'vite.config.ts', 'package.json'];

/** Builds the dashboard where its files are newer than what was built. Answers whether it did. */
export async function buildDashboard(): Promise<boolean> {
  const built = await modifiedAt(join(DASHBOARD, 'dist', 'index.html'));
  if (built !== null && built > (await newestOf(SOURCES))) return false;

  const vite = join(
    dirname(createRequire(join(DASHBOARD, 'package.json')).resolve('vite/package.json')),
    'bin',
    'vite.js',
  );
  const child = spawn(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: DASHBOARD,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => said.push(text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`The dashboard could not be built:\n${said.join('')}`);
  return true;
}

async function modifiedAt(path: string): Promise<number | null> {
  return stat(path).then(
    (found) => found.mtimeMs,
    () => null,
  );
}

/** When the youngest of the dashboard's files, or of those below its folders, was written. */
async function newestOf(names: readonly string[]): Promise<number> {
  const times = await Promise.all(
    names.map(async (name) => {
      const below = await readdir(join(DASHBOARD, name), { recursive: true }).catch(() => []);
      return Promise.all(['', ...below].map((entry) => modifiedAt(join(DASHBOARD, name, entry))));
    }),
  );
  return Math.max(0, ...times.flat().filter((time) => time !== null));
}
