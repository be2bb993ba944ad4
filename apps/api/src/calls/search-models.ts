/** Search for models by the words that a person types, for the catalogue and the task history. */
import { cleanSlug, type Model, slugOf } from '@runfleet/catalog';
import { RunfleetError } from '@runfleet/protocol';

const SEARCH_CHARACTERS_MAX = 200;

/**
 * The words of a search in lower case; case, order and punctuation do not matter. Null without a search.
 * Throws `invalid_request` for a value that is not a string, or is too long.
 */
export function readSearch(
  body: Readonly<Record<string, unknown>>,
  name: string,
): readonly string[] | null {
  const given = body[name] ?? '';
  if (typeof given !== 'string' || given.length > SEARCH_CHARACTERS_MAX) {
    throw new RunfleetError(
      'invalid_request',
      `Request parameter [${name}] must be a string of at most ${SEARCH_CHARACTERS_MAX} characters`,
    );
  }
  return given.trim() === '' ? null : wordsOf(given);
}

/** The models with this slug; if there are none, the models whose slug has every word. */
export function findByName(models: readonly Model[], words: readonly string[]): readonly Model[] {
  const wanted = words.join('-');
  const named = models.filter((model) =>
    [slugOf(model), model.name].some((slug) => cleanSlug(slug) === wanted),
  );
  return named.length > 0 ? named : models.filter((model) => hasWords(slugOf(model), words));
}

/**
 * How well a model matches: 0 is no match, and words of its slug count more than words of its
 * description.
 */
export function relevanceOf(model: Model, words: readonly string[]): number {
  const slug = slugOf(model);
  const about = [slug, model.description, ...model.tags, ...model.categories].join(' ');
  if (!hasWords(about, words)) return 0;
  const whole = new Set(wordsOf(slug));
  const points = words.map((word) =>
    whole.has(word) ? 3 : slug.toLowerCase().includes(word) ? 2 : 1,
  );
  return points.reduce<number>((sum, point) => sum + point, 0);
}

/** Whether the text has each word, whole or as part of another. Without words there is no match. */
function hasWords(text: string, words: readonly string[]): boolean {
  const all = wordsOf(text).join(' ');
  return words.length > 0 && words.every((word) => all.includes(word));
}

function wordsOf(text: string): string[] {
  const plain = text.normalize('NFKC').toLowerCase();
  return plain.split(/[^\p{L}\p{M}\p{N}]+/u).filter((word) => word !== '');
}
