import { UsageError } from '../cli/with-usage.ts';

// What begins with a dot, or holds another name of ours, is work in progress and no model.
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/u;
const WORK = /\.(building|former)-/u;

// `npm start` builds models of its own under these names, and leaves a folder of another origin alone.
const BUILT: readonly string[] = ['tiny', 'demo'];

export const isModelName = (name: string): boolean => NAME.test(name) && !WORK.test(name);

/** The name, where a new model may have it. */
export function checkModelName(name: string): string {
  if (BUILT.includes(name)) {
    throw new UsageError(
      `${name} is what Runfleet calls a model that it builds itself. Choose another name with --name.`,
    );
  }
  if (isModelName(name)) return name;
  throw new UsageError(
    `"${name}" is no name for a model: 1 to 64 of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit.`,
  );
}

/** A name made of the last part of a path or an id. */
export function nameFrom(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/gu, '-')
    .replace(/^[^a-z0-9]+/u, '')
    .slice(0, 64);
  return name === '' ? 'model' : name;
}
