import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

import { EngineError } from '../engine-error.ts';

/** A JSON object from the model folder; `undefined` if the file does not exist. */
export async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new EngineError('infra', `${path} cannot be read: ${error.message}`, { cause: error });
  });
  if (text === undefined) return undefined;

  try {
    const json: unknown = JSON.parse(text);
    if (isRecord(json)) return json;
  } catch (error) {
    throw new EngineError(
      'model',
      `${basename(path)} is not JSON; it may be truncated. Copy ${path} again.`,
      { cause: error },
    );
  }
  throw new EngineError('model', `${path} must hold a JSON object. Copy it again.`);
}

/** The record at `path` inside `json`; empty if there is none. */
export function recordAt(json: unknown, ...path: readonly string[]): Record<string, unknown> {
  let value: unknown = json;
  for (const key of path) value = isRecord(value) ? value[key] : undefined;
  return isRecord(value) ? value : {};
}

function isRecord(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** A whole number above 0, or undefined. */
export function asCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
