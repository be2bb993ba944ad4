import { isDeepStrictEqual } from 'node:util';

import {
  type Catalogue,
  documentOf,
  type Model,
  type ModelDocument,
  newPoolOf,
  pathsOf,
  publishedModel,
  slugOf,
} from '@runfleet/catalog';
import type { Db, Transaction } from '@runfleet/db';

import { changeModels } from './change-models.ts';

/** Every role keeps all models in memory, and every broker leads or follows each one's pool. */
const MODELS_MAX = 200;

/** `isNew`: whether a version was written. A document that is already published makes none. */
export type Published = { model: Model; isNew: boolean };

/**
 * Publishes a document: a new model, or the next version of the model with its owner and name, which is
 * offered again if it was retired. Throws an Error that names the field whose path belongs to another
 * model.
 */
export async function publishModel(ctx: { db: Db }, document: ModelDocument): Promise<Published> {
  return changeModels(ctx.db, async (tx, catalogue) => {
    const earlier = catalogue.findAny(document.owner, document.name);
    requireOwnPaths(document, catalogue, earlier);
    if (earlier && !earlier.isRetired && isDeepStrictEqual(documentOf(earlier), document)) {
      return { model: earlier, isNew: false };
    }
    if (!earlier && catalogue.all.length >= MODELS_MAX) {
      throw new Error(`There are ${MODELS_MAX} models already, which is the most.`);
    }
    const published = {
      id: earlier?.id ?? (await newModelId(tx)),
      version: (earlier?.version ?? 0) + 1,
      pool: earlier?.pool ?? newPoolOf(document),
      isRetired: false,
    };
    await insertVersion(tx, published, document);
    return { model: publishedModel(document, published), isNew: true };
  });
}

export async function insertVersion(
  tx: Transaction,
  { id, version, pool, isRetired }: Pick<Model, 'id' | 'version' | 'pool' | 'isRetired'>,
  document: ModelDocument,
): Promise<void> {
  await tx`
    insert into models (id, version, pool, document, published_at, retired_at)
    values (${id}::bigint, ${version}, ${pool}, ${JSON.stringify(document)}::text::jsonb, now(),
      ${isRetired ? tx`now()` : null})`;
}

function requireOwnPaths(
  document: ModelDocument,
  catalogue: Catalogue,
  own: Model | undefined,
): void {
  const [path = '', ...aliases] = pathsOf(document);
  if (own && pathsOf(own)[0] !== path) {
    throw new Error(`name: ${path} is an alias of ${slugOf(own)}`);
  }
  for (const [index, alias] of aliases.entries()) {
    const [owner = '', name = ''] = alias.split('/');
    const other = catalogue.findAny(owner, name);
    if (other && other.id !== own?.id) {
      throw new Error(`aliases.${index}: ${alias} belongs to ${slugOf(other)}`);
    }
  }
  for (const [index, choice] of document.choices.entries()) {
    const { path, parameter, value } = choice;
    const other = catalogue.all.find((model) => {
      const isOwn = model.id === own?.id;
      return !isOwn && model.choices.some((taken) => isDeepStrictEqual(taken, choice));
    });
    if (other) {
      throw new Error(
        `choices.${index}: ${parameter} ${value} on ${path} selects ${slugOf(other)}`,
      );
    }
  }
}

async function newModelId(tx: Transaction): Promise<string> {
  const [row] = await tx<{ id: string }[]>`
    select nextval(pg_get_serial_sequence('models', 'id'))::text as id`;
  if (!row) throw new Error('Postgres returned no id.');
  return row.id;
}
