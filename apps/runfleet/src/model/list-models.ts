import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { readPrecision } from '@runfleet/engine';

import { listFiles } from './copy-folder.ts';
import { type ModelContext, modelsFolder } from './model-context.ts';
import { readNameInUse } from './model-in-use.ts';
import { isModelName } from './model-name.ts';
import { type ModelRecord, readModelRecord } from './model-record.ts';

export type ListedModel = {
  name: string;
  dir: string;
  sizeBytes: number;
  precision: string | null;
  /** A description of its origin. */
  from: string;
  isInUse: boolean;
  record: ModelRecord | null;
};

type HomeContext = Pick<ModelContext, 'home'>;

/** The complete models in RUNFLEET_HOME/models, by name. */
export async function listModels(ctx: HomeContext): Promise<ListedModel[]> {
  const inUse = await readNameInUse(ctx.home);
  const entries = await readdir(modelsFolder(ctx), { withFileTypes: true }).catch(() => []);
  const names = entries
    .filter((entry) => !entry.isFile() && isModelName(entry.name))
    .map(({ name }) => name)
    .sort();
  return await Promise.all(names.map((name) => describe(ctx, name, inUse)));
}

/** Finds a model; throws an error that lists the existing names if there is none. */
export async function findModel(ctx: HomeContext, name: string): Promise<ListedModel> {
  const models = await listModels(ctx);
  const found = models.find((model) => model.name === name);
  if (found) return found;
  const known = models.map((model) => model.name).join(', ');
  throw new Error(
    `There is no model named ${name}. ${known === '' ? '"runfleet model add" adds one.' : `Existing models: ${known}.`}`,
  );
}

async function describe(
  ctx: HomeContext,
  name: string,
  inUse: string | null,
): Promise<ListedModel> {
  const dir = join(modelsFolder(ctx), name);
  const [record, files] = await Promise.all([readModelRecord(dir), listFiles(dir)]);
  const graph = files.find(({ path }) => path.endsWith('.onnx'));
  return {
    name,
    dir,
    sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    precision: record
      ? record.precision
      : graph
        ? await readPrecision(join(dir, graph.path))
        : null,
    from: await describeOrigin(dir, record),
    isInUse: name === inUse,
    record,
  };
}

async function describeOrigin(dir: string, record: ModelRecord | null): Promise<string> {
  if (record?.source.kind === 'hub') {
    const { id, subfolder, revision } = record.source;
    return `${id}${subfolder === '' ? '' : `/${subfolder}`}@${revision}`;
  }
  if (record?.source.kind === 'weights') return record.source.from;
  if (record) return record.source.isLinked ? `links to ${record.source.path}` : record.source.path;
  // The stamp file of a model that Runfleet built.
  const isBuilt = await access(join(dir, 'runfleet-model.json')).then(
    () => true,
    () => false,
  );
  return isBuilt ? 'built by Runfleet' : 'added manually';
}
