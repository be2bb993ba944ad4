import { readFileSync } from 'node:fs';

import type { z } from 'zod';

import { ConfigError, type ConfigMistake } from './config-error.ts';
import { listSettings } from './list-settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads a process's settings once: every field of `schema` is an environment variable of that name.
 *
 * - An empty variable counts as not set, so an env file can list a setting without choosing it.
 * - `NAME_FILE` names a file that holds NAME's value (a mounted secret), unless the schema itself
 *   declares `NAME_FILE` as a setting with a meaning of its own.
 *
 * Throws ConfigError with all mistakes. Values are never part of the message.
 */
export function loadConfig<Schema extends z.ZodObject>(
  schema: Schema,
  env: Environment = process.env,
): z.infer<Schema> {
  const mistakes: ConfigMistake[] = [];
  const input: Record<string, string> = {};
  const settings = listSettings(schema);
  const names = new Set(settings.map(({ name }) => name));
  const mistake = (name: string, problem: string) => {
    const description = settings.find((setting) => setting.name === name)?.description ?? '';
    mistakes.push({ name, problem, description });
  };

  for (const { name } of settings) {
    const value = nonEmpty(env[name]);
    const fileName = `${name}_FILE`;
    const file = names.has(fileName) ? undefined : nonEmpty(env[fileName]);
    if (value !== undefined && file !== undefined) {
      mistake(name, `is set twice, by ${name} and by ${fileName}; keep one`);
    } else if (file !== undefined) {
      const read = readSecret(file);
      if ('problem' in read) mistake(name, `cannot be read from ${fileName}: ${read.problem}`);
      else input[name] = read.value;
    } else if (value !== undefined) {
      input[name] = value;
    }
  }

  const alreadyReported = new Set(mistakes.map(({ name }) => name));
  const parsed = schema.safeParse(input);
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0] ?? '');
    if (alreadyReported.has(name)) continue;
    const isMissing = names.has(name) && input[name] === undefined;
    mistake(name, isMissing ? 'is not set' : `is wrong: ${issue.message}`);
  }
  if (mistakes.length > 0 || !parsed.success) throw new ConfigError(mistakes);
  return parsed.data;
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function readSecret(path: string): { value: string } | { problem: string } {
  try {
    const value = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    return value === '' ? { problem: `${path} is empty` } : { value };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
