import { join } from 'node:path';

import { installPackages, root, typescriptArguments } from './install.mjs';
import { runChild } from './run-child.mjs';

await installPackages();

const main = join(root, 'apps', 'runfleet', 'src', 'main.ts');
process.exitCode = await runChild([...typescriptArguments(), main, ...process.argv.slice(2)], {
  cwd: process.cwd(),
});
