import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isModelName } from './model-name.ts';

const SETTINGS_FILE = 'settings.json';
const KEY = 'modelInUse';

/** The name of the model that `runfleet model use` chose; null if none is chosen. */
export async function readNameInUse(home: string): Promise<string | null> {
  const name = (await readSettings(home))[KEY];
  return typeof name === 'string' && isModelName(name) ? name : null;
}

/**
 * The folder of the model in use; null if none is chosen. Throws if the folder is missing, because
 * silently serving another model would be worse.
 */
export async function readModelInUse(home: string): Promise<string | null> {
  const name = await readNameInUse(home);
  if (name === null) return null;
  const dir = join(home, 'models', name);
  const isThere = await stat(dir).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isThere) return dir;
  throw new Error(
    `The model in use, ${name}, is no longer in ${join(home, 'models')}. ` +
      'Add it again, or choose another with "runfleet model use <name>" or none with "runfleet model use --none".',
  );
}

/** Null chooses none. Other settings are not changed. */
export async function writeNameInUse(home: string, name: string | null): Promise<void> {
  const { [KEY]: _former, ...rest } = await readSettings(home);
  const settings = name === null ? rest : { ...rest, [KEY]: name };
  const path = join(home, SETTINGS_FILE);
  const aside = `${path}.${process.pid}`;
  await mkdir(home, { recursive: true, mode: 0o700 });
  await writeFile(aside, `${JSON.stringify(settings, null, 2)}\n`);
  await rename(aside, path);
}

async function readSettings(home: string): Promise<Record<string, unknown>> {
  const path = join(home, SETTINGS_FILE);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw new Error(`${path} cannot be read: ${error.message}`, { cause: error });
  });
  try {
    const settings: unknown = JSON.parse(text);
    if (typeof settings === 'object' && settings !== null) return { ...settings };
  } catch (error) {
    throw new Error(`${path} is not JSON. Correct it, or remove it to reset the settings.`, {
      cause: error,
    });
  }
  throw new Error(
    `${path} must contain a JSON object. Correct it, or remove it to reset the settings.`,
  );
}
