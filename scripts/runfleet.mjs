import { join } from 'node:path';

import { installPackages, root, typescriptArguments } from './install.mjs';
import { runChild } from './run-child.mjs';

const beganAt = Date.now();
await installPackages();

const main = join(root, 'apps', 'runfleet', 'src', 'main.ts');
process.exitCode = await runChild([...typescriptArguments(), main, ...process.argv.slice(2)], {
  cwd: process.cwd(),
  // For the line that shows how long each part of a start took.
  env: {
    ...process.env,
    // Messages name the command as it is typed in a clone.
    RUNFLEET_COMMAND: 'npm run runfleet --',
    RUNFLEET_BEGAN_AT_MS: String(beganAt),
    RUNFLEET_PACKAGES_MS: String(Date.now() - beganAt),
  },
});
