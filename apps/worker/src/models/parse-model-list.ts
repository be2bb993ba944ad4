import { findModel, type Model } from '@runfleet/catalog';

/** A model of the catalogue and its folder; null for engines that need none. */
export type NamedModel = { readonly model: Model; readonly dir: string | null };

/**
 * Parses `owner/name=folder, owner/name=folder`. Throws an Error that names a model that is not in
 * the catalogue or that is listed twice.
 */
export function parseModelList(text: string): NamedModel[] {
  const entries = text.split(',').flatMap((part) => part.trim() || []);
  const named = entries.map((entry) => {
    const [slug = '', ...folder] = entry.split('=');
    return { model: catalogueModel(slug.trim()), dir: folder.join('=').trim() || null };
  });
  const pools = named.map(({ model }) => model.pool);
  const twice = pools.find((pool, index) => pools.indexOf(pool) !== index);
  if (twice !== undefined) throw new Error(`names the model of ${twice} twice`);
  return named;
}

/** A model by its `owner/name`. */
export function catalogueModel(slug: string): Model {
  const [owner = '', name = ''] = slug.split('/');
  const model = findModel(owner, name);
  if (!model) throw new Error(`names "${slug}", which is not in the catalogue (packages/catalog)`);
  return model;
}
