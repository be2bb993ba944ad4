import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../engine-error.ts';
import { readJson } from './read-json.ts';

/** A chat template as a model folder contains it, with the names of special tokens that it uses. */
export type TemplateSource = {
  source: string;
  /** Another one, for conversations with tools. */
  toolSource: string | undefined;
  variables: Record<string, string>;
};

/**
 * The template of `chat_template.jinja`, or else of `tokenizer_config.json`; undefined if there is
 * none. Both may come with others, each with a name.
 */
export async function readChatTemplate(dir: string): Promise<TemplateSource | undefined> {
  const [file, toolFile, config, map] = await Promise.all([
    readText(join(dir, 'chat_template.jinja')),
    readText(join(dir, 'additional_chat_templates', `${TOOL_USE}.jinja`)),
    readJson(join(dir, 'tokenizer_config.json')),
    readJson(join(dir, 'special_tokens_map.json')),
  ]);
  const written = config?.['chat_template'];
  const source = file ?? (typeof written === 'string' ? written : named(written, 'default'));
  if (source === undefined) return undefined;
  const toolSource = toolFile ?? (file === undefined ? named(written, TOOL_USE) : undefined);
  return { source, toolSource, variables: readNames({ ...map, ...config }) };
}

const TOOL_USE = 'tool_use';

/** A template of a list of named ones. */
function named(json: unknown, name: string): string | undefined {
  const list: unknown[] = Array.isArray(json) ? json : [];
  const { template }: { template?: unknown } = Object(
    list.find((entry) => Object(entry).name === name),
  );
  return typeof template === 'string' ? template : undefined;
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
