/**
 * Replaces Vitest in a test file that runs many times in one process: collects the tests instead of
 * running them. It has only those parts of Vitest that tests of pure functions use.
 */
export { expect } from 'vitest';

export type CollectedTest = { name: string; run: () => unknown };

type Body = (argument: never) => unknown;

let collected: CollectedTest[] = [];
let names: string[] = [];

/** Returns the tests collected since the last call. */
export function takeTests(): CollectedTest[] {
  const taken = collected;
  collected = [];
  return taken;
}

function add(name: string, run: () => unknown): void {
  collected.push({ name: [...names, name].join(' > '), run });
}

export const test = Object.assign((name: string, run: () => unknown) => add(name, run), {
  for: (rows: readonly unknown[]) => (name: string, run: Body) => {
    rows.forEach((row, index) => add(`${name} (${index + 1})`, () => run(row as never)));
  },
});

export function describe(name: string, group: () => void): void {
  names = [...names, name];
  group();
  names = names.slice(0, -1);
}
