import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { z } from 'zod';

/** The repository's folder for data, used unless RUNFLEET_HOME names another. */
const REPOSITORY_HOME = join(fileURLToPath(new URL('../../..', import.meta.url)), '.runfleet');

/** RUNFLEET_HOME: data that is kept between starts: databases of `npm start`, models, settings. */
export const homeSetting = z
  .string()
  .default(REPOSITORY_HOME)
  .describe('The folder for data of this machine: databases of `npm start`, models, settings.');
