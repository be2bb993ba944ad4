import { RunfleetError } from '@runfleet/protocol';

import { cleanSlug, type Model, slugOf } from './model.ts';
import { isBlank } from './read-parameter.ts';

/** A set of models as it was at one moment. Lookups by path ignore case and punctuation. */
export class Catalogue {
  /** The models that take Runs, by id. */
  readonly offered: readonly Model[];
  /** The pools of all models: the queued tasks of a retired one are still served. */
  readonly pools: ReadonlySet<string>;
  readonly #byId: ReadonlyMap<string, Model>;
  readonly #byPath: ReadonlyMap<string, Model>;
  /** The models that take Runs on shared paths. */
  readonly #choices: readonly Choice[];

  constructor(models: readonly Model[]) {
    const sorted = models.toSorted((a, b) => Number(a.id) - Number(b.id));
    this.offered = sorted.filter(({ isRetired }) => !isRetired);
    this.pools = new Set(sorted.map(({ pool }) => pool));
    this.#byId = new Map(sorted.map((model) => [model.id, model]));
    this.#byPath = new Map(sorted.flatMap((model) => pathsOf(model).map((path) => [path, model])));
    this.#choices = this.offered.flatMap(choicesOf);
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

  /** A message that a path is not in the catalogue, which names a model with the same letters and digits. */
  describeUnknown(owner: string, name: string): string {
    const letters = lettersOf(`${owner}${name}`);
    const similar = this.offered.find(
      (model) => lettersOf(`${model.owner}${model.name}`) === letters,
    );
    const suggestion = similar === undefined ? '' : ` Did you mean ${slugOf(similar)}?`;
    return `${owner}/${name} is not in the catalogue.${suggestion}`;
  }

  /** Whether a Run on this path can be one of a model. */
  takesRuns(owner: string, name: string): boolean {
    return this.#choicesOn(owner, name).length > 0 || this.find(owner, name) !== undefined;
  }

  /**
   * The model of a Run on a path that takes Runs, and its parameters without the one that selected it.
   * A shared path without a value leads to the model that has the path as its own or as an alias.
   * Throws `invalid_request` for a value that selects none.
   */
  choose(
    owner: string,
    name: string,
    parameters: Readonly<Record<string, unknown>>,
  ): { model: Model; parameters: Record<string, unknown> } {
    const choices = this.#choicesOn(owner, name);
    const selecting = choices.find(({ parameter }) => !isBlank(parameters[parameter]));
    const chosen = choices.find(({ parameter, value }) => isValue(parameters[parameter], value));
    const model = selecting ? chosen?.model : this.find(owner, name);
    if (!model) {
      const { parameter } = selecting ?? choices[0] ?? { parameter: 'model' };
      const values = choices.filter((other) => other.parameter === parameter);
      throw new RunfleetError(
        'invalid_request',
        `Request parameter [${parameter}] must be one of ${values.map(({ value }) => value).join(', ')}`,
      );
    }
    const { [chosen?.parameter ?? '']: _selector, ...rest } = parameters;
    return { model, parameters: rest };
  }

  /** A model, retired or not: its tasks name it. */
  byId(id: string): Model | undefined {
    return this.#byId.get(id);
  }

  /** Every model, retired or not. */
  get all(): readonly Model[] {
    return [...this.#byId.values()];
  }

  #choicesOn(owner: string, name: string): readonly Choice[] {
    const wanted = cleanPath(owner, name);
    return this.#choices.filter(({ path }) => path === wanted);
  }
}

type Choice = { path: string; parameter: string; value: string; model: Model };

function choicesOf(model: Model): Choice[] {
  return model.choices.map((choice) => ({ ...choice, path: cleanPathOf(choice.path), model }));
}

/** Clients send the number of a model as a number or as a text. */
function isValue(given: unknown, value: string): boolean {
  return (typeof given === 'string' || typeof given === 'number') && String(given) === value;
}

/** The paths that lead to a model, in the form in which they are compared. */
export function pathsOf({ owner, name, aliases }: Pick<Model, 'owner' | 'name' | 'aliases'>) {
  return [`${owner}/${name}`, ...aliases].map(cleanPathOf);
}

function cleanPathOf(path: string): string {
  const [owner = '', ...name] = path.split('/');
  return cleanPath(owner, name.join('/'));
}

const cleanPath = (owner: string, name: string): string => `${cleanSlug(owner)}/${cleanSlug(name)}`;

const lettersOf = (path: string): string => path.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
