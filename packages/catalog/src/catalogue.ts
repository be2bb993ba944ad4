import { cleanSlug, type Model } from './model.ts';

/** A set of models as it was at one moment. Lookups by path ignore case and punctuation. */
export class Catalogue {
  /** The models that take Runs, by id. */
  readonly offered: readonly Model[];
  /** The pools of all models: the queued tasks of a retired one are still served. */
  readonly pools: ReadonlySet<string>;
  readonly #byId: ReadonlyMap<string, Model>;
  readonly #byPath: ReadonlyMap<string, Model>;

  constructor(models: readonly Model[]) {
    const sorted = models.toSorted((a, b) => Number(a.id) - Number(b.id));
    this.offered = sorted.filter(({ isRetired }) => !isRetired);
    this.pools = new Set(sorted.map(({ pool }) => pool));
    this.#byId = new Map(sorted.map((model) => [model.id, model]));
    this.#byPath = new Map(sorted.flatMap((model) => pathsOf(model).map((path) => [path, model])));
  }

  /** A model that takes Runs, by its path or one of its aliases. */
  find(owner: string, name: string): Model | undefined {
    const model = this.findAny(owner, name);
    return model?.isRetired ? undefined : model;
  }

  /** The same, retired or not. */
  findAny(owner: string, name: string): Model | undefined {
    return this.#byPath.get(cleanPath(owner, name));
  }

  /** A model, retired or not: its tasks name it. */
  byId(id: string): Model | undefined {
    return this.#byId.get(id);
  }

  /** Every model, retired or not. */
  get all(): readonly Model[] {
    return [...this.#byId.values()];
  }
}

/** The paths that lead to a model, in the form in which they are compared. */
export function pathsOf({ owner, name, aliases }: Pick<Model, 'owner' | 'name' | 'aliases'>) {
  return [`${owner}/${name}`, ...aliases].map((path) => {
    const [first = '', ...rest] = path.split('/');
    return cleanPath(first, rest.join('/'));
  });
}

const cleanPath = (owner: string, name: string): string => `${cleanSlug(owner)}/${cleanSlug(name)}`;
