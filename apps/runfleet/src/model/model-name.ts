import { UsageError } from '../cli/with-usage.ts';

// Names that begin with a dot or contain these words are work in progress, not models.
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/u;
const WORK = /\.(building|former)-/u;

// `npm start` builds its own models under these names and does not replace folders of other origin.
const BUILT: readonly string[] = ['tiny', 'demo'];

export const isModelName = (name: string): boolean => NAME.test(name) && !WORK.test(name);

/** Returns the name if a new model may have it; throws otherwise. */
export function checkModelName(name: string): string {
  if (BUILT.includes(name)) {
    throw new UsageError(
      `The name ${name} is reserved for a model that Runfleet builds. Choose another name with --name.`,
    );
  }
  if (isModelName(name)) return name;
  throw new UsageError(
    `"${name}" is not a valid model name: use 1 to 64 of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit.`,
  );
}

/** Makes a valid name from the last part of a path or an id. */
export function nameFrom(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/gu, '-')
    .replace(/^[^a-z0-9]+/u, '')
    .slice(0, 64);
  return name === '' ? 'model' : name;
}
