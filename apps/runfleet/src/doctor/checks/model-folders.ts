import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { openEngine } from '@runfleet/engine';

import { type CheckContext, type Finding, ok, problem, reasonOf, skipped } from '../check.ts';

/** Larger folders are not opened, because that would exceed a check's time limit. */
const OPENED_BYTES_MAX = 128 * 1024 ** 2;

/** Checks that the engine can open the folders in RUNFLEET_HOME/models, and MODEL_DIR. */
export async function checkModelFolders({ settings }: CheckContext): Promise<Finding> {
  const home = join(settings.home, 'models');
  const names = (await readdir(home, { withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .filter((entry) => !entry.name.startsWith('.'))
    .map((entry) => join(home, entry.name));
  const folders = [...new Set([...names, ...(settings.modelDir ? [settings.modelDir] : [])])];
  if (folders.length === 0) {
    return skipped(
      `there is no model in ${home}`,
      '`npm start` builds a small one; runfleet model add downloads a real one.',
    );
  }
  const states = await Promise.all(folders.map(openFolder));
  const found = states.map(({ description }) => description).join('; ');
  return states.every(({ isFit }) => isFit)
    ? ok(found)
    : problem(found, 'Copy the folder again, or remove it: runfleet model remove <name>.');
}

async function openFolder(dir: string): Promise<{ isFit: boolean; description: string }> {
  const name = basename(dir);
  try {
    const sizeBytes = await sizeOf(dir);
    if (sizeBytes > OPENED_BYTES_MAX) {
      const description = `${name} (${mebibytes(sizeBytes)}, too large to open here)`;
      return { isFit: true, description };
    }
    await using engine = await openEngine({
      kind: 'onnx',
      modelDir: dir,
      provider: 'cpu',
      slots: 1,
      threads: 1,
    });
    return {
      isFit: true,
      description: `${name} opens (${mebibytes(sizeBytes)}, context ${engine.facts.contextLength})`,
    };
  } catch (error) {
    return { isFit: false, description: `${name}: ${reasonOf(error)}` };
  }
}

async function sizeOf(dir: string): Promise<number> {
  const files = await readdir(dir, { withFileTypes: true, recursive: true });
  const sizes = await Promise.all(
    files
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => stat(join(entry.parentPath, entry.name)).then(({ size }) => size)),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MiB`;
}
