import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DASHBOARD = fileURLToPath(new URL('../../../dashboard', import.meta.url));

const SOURCES = ['src', 'public', 'index.html', 'vite.config.ts', 'package.json'];

/**
 * Builds the dashboard if its sources are newer than the last build; returns whether it did. The
 * build goes to a folder of its own first, because another start may serve or build the same files.
 */
export async function buildDashboard(): Promise<boolean> {
  const built = await modifiedAt(join(DASHBOARD, 'dist', 'index.html'));
  if (built !== null && built > (await newestOf(SOURCES))) return false;

  const vite = join(
    dirname(createRequire(join(DASHBOARD, 'package.json')).resolve('vite/package.json')),
    'bin',
    'vite.js',
  );
  const aside = join(DASHBOARD, `dist.${process.pid}`);
  const args = ['build', '--logLevel', 'warn', '--outDir', aside, '--emptyOutDir'];
  const child = spawn(process.execPath, [vite, ...args], {
    cwd: DASHBOARD,
    // The shell's NODE_ENV may be set for development or tests; the pages need a production build.
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => output.push(text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) {
    await rm(aside, { recursive: true, force: true });
    throw new Error(`The dashboard could not be built:\n${output.join('')}`);
  }
  await takePlace(aside, join(DASHBOARD, 'dist'));
  return true;
}

async function takePlace(aside: string, place: string): Promise<void> {
  const former = `${aside}.former`;
  await rename(place, former).catch(ignoreAbsence);
  // Another start may have put the same pages there first.
  await rename(aside, place).catch(async () => rm(aside, { recursive: true, force: true }));
  await rm(former, { recursive: true, force: true });
}

function ignoreAbsence(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function modifiedAt(path: string): Promise<number | null> {
  return stat(path).then(
    (found) => found.mtimeMs,
    () => null,
  );
}

/** The time of the last change in the given files and folders of the dashboard. */
async function newestOf(names: readonly string[]): Promise<number> {
  const times = await Promise.all(
    names.map(async (name) => {
      const below = await readdir(join(DASHBOARD, name), { recursive: true }).catch(() => []);
      return Promise.all(['', ...below].map((entry) => modifiedAt(join(DASHBOARD, name, entry))));
    }),
  );
  return Math.max(0, ...times.flat().filter((time) => time !== null));
}
