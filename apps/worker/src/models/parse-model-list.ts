import { type Catalogue, cleanSlug, type Model } from '@runfleet/catalog';

/** A path of the catalogue and its folder; null for engines that need none. */
export type ListedModel = { readonly slug: string; readonly dir: string | null };

/** A model of the catalogue and its folder. */
export type NamedModel = { readonly model: Model; readonly dir: string | null };

/** Parses `owner/name=folder, owner/name=folder`. Throws an Error that names the entry that is not one. */
export function parseModelList(text: string): ListedModel[] {
  const entries = text.split(',').flatMap((part) => part.trim() || []);
  const listed = entries.map((entry) => {
    const [slug = '', ...folder] = entry.split('=');
    return { slug: slug.trim(), dir: folder.join('=').trim() || null };
  });
  const wrong = listed.find(({ slug }) => !/^[^/]+\/[^/]+$/.test(slug));
  if (wrong) throw new Error(`names "${wrong.slug}", which is not an owner/name`);
  const slugs = listed.map(({ slug }) => cleanSlug(slug));
  const twice = listed.find(({ slug }, index) => slugs.indexOf(cleanSlug(slug)) !== index);
  if (twice) throw new Error(`names ${twice.slug} twice`);
  return listed;
}

/**
 * Finds listed models, retired or not: the queued tasks of a retired one are still served. A model that
 * is listed under two of its paths is served from the first folder.
 */
export function namedModels(catalogue: Catalogue, listed: readonly ListedModel[]): NamedModel[] {
  const found = listed.map(({ slug, dir }) => ({ model: requireModel(catalogue, slug), dir }));
  return found.filter(
    ({ model }, index) => found.findIndex((other) => other.model.pool === model.pool) === index,
  );
}

function requireModel(catalogue: Catalogue, slug: string): Model {
  const [owner = '', name = ''] = slug.split('/');
  const model = catalogue.findAny(owner, name);
  if (model) return model;
  throw new Error(
    `${catalogue.describeUnknown(owner, name)} Publish it first (runfleet model publish), or name another in WORKER_MODEL or WORKER_MODELS.`,
  );
}
