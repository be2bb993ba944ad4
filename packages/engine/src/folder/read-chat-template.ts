import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../engine-error.ts';
import { readJson } from './read-json.ts';

/** A chat template as a model folder contains it, with the names of special tokens that it uses. */
export type TemplateSource = { source: string; variables: Record<string, string> };

/**
 * The template of `chat_template.jinja`, or else of `tokenizer_config.json`; undefined if there is
 * none.
 */
export async function readChatTemplate(dir: string): Promise<TemplateSource | undefined> {
  const [file, config, map] = await Promise.all([
    readText(join(dir, 'chat_template.jinja')),
    readJson(join(dir, 'tokenizer_config.json')),
    readJson(join(dir, 'special_tokens_map.json')),
  ]);
  const source = file ?? defaultTemplate(config?.['chat_template']);
  return source === undefined ? undefined : { source, variables: readNames({ ...map, ...config }) };
}

/** One template, or a list of named ones. */
function defaultTemplate(json: unknown): string | undefined {
  if (typeof json === 'string') return json;
  const named: unknown[] = Array.isArray(json) ? json : [];
  const first: unknown = Object(named.find((entry) => Object(entry).name === 'default')).template;
  return typeof first === 'string' ? first : undefined;
}

/** `bos_token` and the like, each a text or an object with its text. */
function readNames(json: Record<string, unknown>): Record<string, string> {
  const names: Record<string, string> = {};
  for (const [name, value] of Object.entries(json)) {
    if (!/^[a-z]{1,20}_token$/u.test(name)) continue;
    const content: unknown = typeof value === 'string' ? value : Object(value).content;
    if (typeof content === 'string') names[name] = content;
  }
  return names;
}

async function readText(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new EngineError('infra', `${path} cannot be read: ${error.message}`, { cause: error });
  });
}
