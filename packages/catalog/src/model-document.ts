/**
 * What an operator publishes about a chat model, as JSON. Unknown and invalid fields are refused by
 * their path, so that a misspelled one does not pass for a default.
 */
import { priceSchema } from '@runfleet/protocol';
import { z } from 'zod';

import { CHAT_NUMBERS } from './chat-numbers.ts';
import { CHAT_ITEMS, CHAT_PARAMETERS, type ChatParameterName } from './chat-parameter-items.ts';
import { cleanSlug, type Model, type ParameterGroup } from './model.ts';

/** Every role keeps all documents in memory. */
const README_CHARACTERS_MAX = 64_000;
const LINE_CHARACTERS_MAX = 1_000;
const WORD_CHARACTERS_MAX = 50;
const LIST_MAX = 20;
const PROMPT_CHARACTERS_MAX = 4_000;

const text = (charactersMax: number) =>
  z
    .string()
    .max(charactersMax)
    .refine(isStorable, 'must not contain NUL characters or lone surrogates');
const words = z.array(text(WORD_CHARACTERS_MAX).min(1)).max(LIST_MAX).default([]);

/** Must start with a letter or digit, so that its clean form is not empty. */
const segment = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be letters, digits, dots, dashes and underscores');
const alias = z
  .string()
  .max(201)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be owner/name');

const choice = z.strictObject({
  path: alias,
  parameter: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'must be letters, digits and underscores')
    .refine((name) => !Object.hasOwn(CHAT_ITEMS, name), 'must not be a parameter of the model'),
  value: text(WORD_CHARACTERS_MAX).min(1),
});

const PARAMETER_NAMES = Object.keys(CHAT_ITEMS) as [ChatParameterName, ...ChatParameterName[]];
const parameters = z
  .array(
    z.strictObject({
      title: text(WORD_CHARACTERS_MAX).min(1),
      items: z.array(z.enum(PARAMETER_NAMES)).min(1).max(PARAMETER_NAMES.length),
    }),
  )
  .max(LIST_MAX)
  .refine((groups) => groups.some(({ items }) => items.includes('prompt')), 'must have prompt')
  .refine((groups) => !hasTwice(groups.flatMap(({ items }) => items)), 'must not repeat a name');

const { max_tokens: tokens, timeout } = CHAT_NUMBERS;
const limits = z.strictObject({
  /** The most tokens of an answer. */
  maxTokens: z.number().int().min(1).max(tokens.max).exactOptional(),
  /** The longest timeout that a Run may ask for. */
  maxTimeoutSeconds: z.number().int().min(timeout.min).max(timeout.max).exactOptional(),
});

const modelDocumentSchema = z.strictObject({
  owner: segment,
  name: segment,
  description: text(LINE_CHARACTERS_MAX).min(1),
  /** Markdown. */
  readme: text(README_CHARACTERS_MAX).default(''),
  categories: words,
  tags: words,
  /** Other paths under which the model is found, as `owner/name`. */
  aliases: z.array(alias).max(LIST_MAX).default([]),
  /** Paths that models share: on each, a Run whose `parameter` is `value` is a Run of this model. */
  choices: z.array(choice).max(LIST_MAX).default([]),
  /** Its version is that of the document. */
  price: z.preprocess(withVersion, priceSchema).transform(withoutVersion),
  /** Within those of the operator's settings. */
  limits: limits.default({}),
  /** Names of chat parameters that the model page shows; all common ones by default. */
  parameters: parameters.exactOptional(),
  /** Ready-made inputs for the page's form. */
  inspire: z
    .array(z.partialRecord(z.enum(PARAMETER_NAMES), text(PROMPT_CHARACTERS_MAX)))
    .max(LIST_MAX)
    .default([]),
});

export type ModelDocument = z.infer<typeof modelDocumentSchema>;

/** Reads a document. Throws an Error that names each invalid field. */
export function parseModelDocument(given: unknown): ModelDocument {
  const { data, error } = modelDocumentSchema.safeParse(given);
  if (data) return data;
  const problems = error.issues.map((issue) =>
    [issue.path.join('.'), issue.message].filter((part) => part !== '').join(': '),
  );
  throw new Error(problems.join('\n'));
}

/** The model of a published document. Its price names the version, so a task's price tells it. */
export function publishedModel(
  document: ModelDocument,
  { id, version, pool, isRetired }: Pick<Model, 'id' | 'version' | 'pool' | 'isRetired'>,
): Model {
  const { owner, name, price, parameters: groups, inspire, ...described } = document;
  return {
    id,
    version,
    pool,
    isRetired,
    ...described,
    owner,
    name,
    price: { version: `${owner}/${name}/${version}`, ...price } as Model['price'],
    parameters: groups?.map(groupOf) ?? CHAT_PARAMETERS,
    samples: [],
    inspire: inspire as Model['inspire'],
  };
}

/** The pool of a model that has none yet. The dot keeps it apart from pools that are one clean slug. */
export function newPoolOf({ owner, name }: Pick<ModelDocument, 'owner' | 'name'>): string {
  return `${cleanSlug(owner)}.${cleanSlug(name)}`;
}

/** The document of a model, as an operator edits it. */
export function documentOf(model: Model): ModelDocument {
  const { owner, name, description, readme, categories, tags, aliases, choices } = model;
  const { version: _version, ...price } = model.price;
  const groups = model.parameters === CHAT_PARAMETERS ? {} : { parameters: model.parameters };
  return parseModelDocument({
    owner,
    name,
    description,
    readme,
    categories,
    tags,
    aliases,
    choices,
    price,
    limits: model.limits,
    ...('parameters' in groups ? { parameters: groups.parameters.map(namesOf) } : {}),
    inspire: model.inspire,
  });
}

const groupOf = (group: { title: string; items: ChatParameterName[] }): ParameterGroup => ({
  title: group.title,
  items: group.items.map((name) => CHAT_ITEMS[name]),
});

const namesOf = ({ title, items }: ParameterGroup) => ({ title, items: items.map(({ id }) => id) });

function withVersion(price: unknown): unknown {
  return typeof price === 'object' && price !== null
    ? { version: 'of the document', ...price }
    : price;
}

function withoutVersion<T extends { version: string }>({ version: _version, ...price }: T) {
  return price;
}

function hasTwice(names: readonly string[]): boolean {
  return new Set(names).size < names.length;
}

function isStorable(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0');
}

/** A newer version of the code may add fields, which an older one ignores. */
const stored = z.object(modelDocumentSchema.shape);

/** Reads a document that was published before; null where this version of the code cannot. */
export function readStoredDocument(document: unknown): ModelDocument | null {
  return stored.safeParse(document).data ?? null;
}
