/** The program with all mutants, loaded in this process; tests and simulator are imported from it. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createServer, createServerModuleRunner, type Plugin } from 'vite';

import { findMutants, type Mutant } from './find-mutants.ts';
import { instrument } from './instrument.ts';
import { SUBJECTS } from './subjects.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COLLECT = join(ROOT, 'test/mutants/collect-tests.ts');

/** Every mutant of every subject; the same text gives the same mutants. */
export function listMutants(): Mutant[] {
  const all: Mutant[] = [];
  for (const { file } of SUBJECTS) {
    all.push(...findMutants(file, readFileSync(join(ROOT, file), 'utf8'), all.length + 1));
  }
  return all;
}

export type Program = AsyncDisposable & {
  /** Imports a module by its path from the repository's root. */
  import<T>(file: string): Promise<T>;
  /** Makes the next import of each module load it again. */
  reload(): void;
};

export async function openProgram(mutants: readonly Mutant[]): Promise<Program> {
  const server = await createServer({
    configFile: false,
    root: ROOT,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    // Vite keeps the newest syntax, such as `using`, which Node 20 does not read.
    oxc: { target: 'es2022' },
    plugins: [mutantsPlugin(mutants), collectPlugin],
  });
  const runner = createServerModuleRunner(server.environments.ssr, { hmr: false });
  return {
    import: (file) => runner.import(`/${file}`),
    reload: () => runner.clearCache(),
    async [Symbol.asyncDispose]() {
      await runner.close();
      await server.close();
    },
  };
}

function mutantsPlugin(mutants: readonly Mutant[]): Plugin {
  return {
    name: 'mutants',
    enforce: 'pre',
    transform(text, id) {
      const own = mutants.filter(({ file }) => file === relative(ROOT, id));
      return own.length === 0 ? null : instrument(text, own);
    },
  };
}

/** Replaces the text of the import, because Vite does not ask plugins to resolve bare package imports. */
const collectPlugin: Plugin = {
  name: 'collect-tests',
  enforce: 'pre',
  transform(text, id) {
    return id.endsWith('.test.ts')
      ? text.replace(/from 'vitest'/, () => `from '${COLLECT}'`)
      : null;
  },
};
