/** The program with all mutants in it, in this process: what kills a mutant asks it for modules. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createServer, createServerModuleRunner, type Plugin } from 'vite';

import { findMutants, type Mutant } from './find-mutants.ts';
import { instrument } from './instrument.ts';
import { SUBJECTS } from './subjects.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COLLECT = join(ROOT, 'test/mutants/collect-tests.ts');

/** Every mutant of every subject. The same for the same text. */
export function listMutants(): Mutant[] {
  const all: Mutant[] = [];
  for (const { file } of SUBJECTS) {
    all.push(...findMutants(file, readFileSync(join(ROOT, file), 'utf8'), all.length + 1));
  }
  return all;
}

export type Program = AsyncDisposable & {
  /** A module, from the repository's root. */
  import<T>(file: string): Promise<T>;
  /** All modules are loaded again when they are asked for. */
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

/** Bare imports of packages never ask a plugin how they resolve, so the text is changed. */
const collectPlugin: Plugin = {
  name: 'collect-tests',
  enforce: 'pre',
  transform(text, id) {
    return id.endsWith('.test.ts')
      ? text.replace(/from 'vitest'/, () => `from '${COLLECT}'`)
      : null;
  },
};
