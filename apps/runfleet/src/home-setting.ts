import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { z } from 'zod';

/** The repository's own folder for data, where RUNFLEET_HOME names no other. */
const REPOSITORY_HOME = join(fileURLToPath(new URL('../../..', import.meta.url)), '.runfleet');

/** RUNFLEET_HOME: what this machine keeps between starts: databases of `npm start`, models, settings. */
export const homeSetting = z
  .string()
  .default(REPOSITORY_HOME)
  .describe('The folder of what this machine keeps: data of `npm start`, models, settings.');
