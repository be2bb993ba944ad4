/** The part of `runfleet model` that changes what a deployment offers. */
import { readFile, stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { documentOf, type Model, parseModelDocument, slugOf } from '@runfleet/catalog';
import { describePrice } from '@runfleet/protocol';
import { publishModel, readCatalogue, readModelVersion, retireModel } from '@runfleet/publishing';

import { onlyOperand } from '../cli/subcommands.ts';
import { table } from '../cli/table.ts';
import { UsageError } from '../cli/with-usage.ts';
import { writeJson } from '../cli/write-json.ts';
import { openDatabase } from '../operate/open-database.ts';

const NAME = 'runfleet model';
const JSON_OPTION = { json: { type: 'boolean', default: false } } as const;
/** Above what any document may have. */
const FILE_BYTES_MAX = 1_000_000;

export async function publish(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...JSON_OPTION, readme: { type: 'string' } },
  });
  const file = onlyOperand(positionals, 'file');
  const given = parseJson(file, await readBounded(file));
  const readme = values.readme === undefined ? {} : { readme: await readBounded(values.readme) };
  const document = readDocument(file, isObject(given) ? { ...given, ...readme } : given);
  await using db = await openDatabase(NAME);
  const { model, isNew } = await publishModel({ db }, document);
  if (values.json) return writeJson({ ...facts(model), isNew });
  const slug = slugOf(model);
  process.stdout.write(
    isNew
      ? `Published ${slug}, version ${model.version}: ${describePrice(model.price)}\n`
      : `${slug} is published already with this text: version ${model.version}\n`,
  );
  process.stderr.write(
    `Runs of it are accepted within seconds. A worker serves it with WORKER_MODELS=${slug}=<its folder>.\n`,
  );
}

export async function retire(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: JSON_OPTION,
  });
  const path = readPath(onlyOperand(positionals, 'owner/name'));
  await using db = await openDatabase(NAME);
  const { model, isNew } = await retireModel({ db }, path);
  if (values.json) return writeJson({ ...facts(model), isNew });
  const slug = slugOf(model);
  process.stdout.write(isNew ? `Retired ${slug}\n` : `${slug} is retired already\n`);
  process.stderr.write(
    'New Runs of it are refused within seconds. Its queued tasks are still served: keep its workers until they ended.\n',
  );
}

export async function catalogue(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...JSON_OPTION, version: { type: 'string' } },
  });
  await using db = await openDatabase(NAME);
  const { catalogue: found } = await readCatalogue({ db });
  if (positionals.length > 0) {
    const path = readPath(onlyOperand(positionals, 'owner/name'));
    const model = found.findAny(path.owner, path.name);
    if (!model) throw new Error(found.describeUnknown(path.owner, path.name));
    const version = readVersion(values.version) ?? model.version;
    if (version === model.version) return writeJson(documentOf(model));
    const document = await readModelVersion({ db }, model, version);
    if (document === null) throw new Error(`${slugOf(model)} has no version ${version}.`);
    return writeJson(document);
  }
  if (values.version !== undefined) throw new UsageError('--version needs an owner/name.');
  if (values.json) return writeJson(found.all.map(facts));
  const rows = found.all.map((model) => [
    slugOf(model),
    String(model.version),
    describePrice(model.price),
    model.isRetired ? 'retired' : 'offered',
    model.aliases.join(', '),
  ]);
  process.stdout.write(table([['MODEL', 'VERSION', 'PRICE', 'STATE', 'ALIASES'], ...rows]));
}

function facts(model: Model) {
  const { id, version, pool, price, limits, aliases, isRetired } = model;
  return { slug: slugOf(model), id, version, pool, price, limits, aliases, isRetired };
}

function readDocument(file: string, given: unknown) {
  try {
    return parseModelDocument(given);
  } catch (error) {
    const problems = error instanceof Error ? error.message : String(error);
    throw new Error(`${file} is not a model's document:\n${problems}`, { cause: error });
  }
}

async function readBounded(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > FILE_BYTES_MAX) throw new Error(`${file} is larger than ${FILE_BYTES_MAX} bytes.`);
  return readFile(file, 'utf8');
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file} is not JSON.`, { cause });
  }
}

function readPath(slug: string): { owner: string; name: string } {
  const [owner = '', name = '', ...more] = slug.split('/');
  if (owner === '' || name === '' || more.length > 0) {
    throw new UsageError(`"${slug}" is not an owner/name.`);
  }
  return { owner, name };
}

function readVersion(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError('--version must be a whole number.');
  return Number(text);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
