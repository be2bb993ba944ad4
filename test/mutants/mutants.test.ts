import { compileFunction } from 'node:vm';

import { expect, test, vi } from 'vitest';

import { checkEquivalents } from './check-equivalents.ts';
import { findMutants } from './find-mutants.ts';
import { instrument } from './instrument.ts';
import { killMutant } from './kill-mutant.ts';
import { listMutants, openProgram } from './open-program.ts';
import { sampleOf } from './sample.ts';
import { showProgress } from './show-progress.ts';

const namesOf = (text: string) => findMutants('a.ts', text, 1).map(({ name }) => name);

test('a mutant is a small change, named after its place and its text', () => {
  expect(namesOf('function f(a: number) { if (a < 2) g(); return [a, ...b]; }')).toEqual([
    'f: a < 2 -> true',
    'f: a < 2 -> false',
    'f: a < 2 -> a <= 2',
    'f: a < 2 -> a >= 2',
    'f: 2 -> 3',
    'f: g(); -> (nothing)',
    'f: [a, ...b] -> [...b]',
    'f: [a, ...b] -> [a]',
  ]);
});

test('a mutant is static if it may run while its module is loaded', () => {
  const text = 'const A = list.map((x) => x < 1); const f = () => list.map((x) => x < 2);';
  const isStatic = findMutants('a.ts', text, 1).map((one) => [one.where, one.isStatic]);
  expect(new Set(isStatic.map(String))).toEqual(new Set(['A,true', 'f,false']));
});

test('types, paths, keys and texts of assertions are not changed', () => {
  const text = `import a from 'a'; type T = 'x' | 1; const k = { 'y': b }; assert(c > 1, 'no');`;
  expect(namesOf(text)).toEqual([]);
});

test('one copy contains each mutant, and behaves like the program while none is active', () => {
  const text = 'let out = 0; if (a) out += 1; else out = b && !c ? 2 : 3; return out;';
  const mutants = findMutants('a.ts', `function f() { ${text} }`, 1);
  const body = (source: string) => source.slice('function f() { '.length, -2);
  const all = instrument(`function f() { ${text} }`, mutants);
  const run = (source: string, mutant: number, values: boolean[]) =>
    compileFunction(source, ['__mutant', 'a', 'b', 'c'])(mutant, ...values) as unknown;
  const inputs = Array.from({ length: 8 }, (_, n) => [n > 3, n % 4 > 1, n % 2 > 0]);
  for (const values of inputs) expect(run(body(all), 0, values)).toBe(run(text, 0, values));
  const isNoticed = ({ id }: { id: number }) =>
    inputs.some((values) => run(body(all), id, values) !== run(text, 0, values));
  expect(mutants.filter((one) => !isNoticed(one))).toEqual([]);
});

test('each mutant listed as equivalent exists, and a name without a mutant is a problem', () => {
  expect(checkEquivalents(listMutants()).problems).toEqual([]);
  const stale = [{ file: 'a.ts', why: '', names: ['f: 1 -> 2'] }];
  expect(checkEquivalents([], stale).problems).toHaveLength(1);
});

test('a sample is the same for the same seed', () => {
  const all = Array.from({ length: 50 }, (_, n) => n);
  expect(sampleOf(all, 9, 3)).toEqual(sampleOf(all, 9, 3));
  expect(sampleOf(all, 9, 4)).not.toEqual(sampleOf(all, 9, 3));
  expect(new Set(sampleOf(all, 99, 3)).size).toBe(50);
});

test('a line of progress appears at once and at least every 30 s until the end', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  try {
    const lines: string[] = [];
    const progress = showProgress(3, (line) => lines.push(line));
    expect(lines).toEqual(['0 of 3 mutants tried in 0 s, 0 not noticed\n']);
    progress.count('a test');
    progress.count(null);
    vi.advanceTimersByTime(30_000);
    expect(lines.at(-1)).toBe('2 of 3 mutants tried in 30 s, 1 not noticed\n');
    progress.end();
    const { length } = lines;
    vi.advanceTimersByTime(300_000);
    expect(lines).toHaveLength(length);
  } finally {
    vi.useRealTimers();
  }
});

test('a known mutant is killed by its test and by the simulator, and the unchanged program is not', async () => {
  const mutants = listMutants();
  await using program = await openProgram(mutants);
  const find = (file: string, name: string) => {
    const found = mutants.find((one) => one.file.endsWith(file) && one.name === name);
    if (!found) throw new Error(`There is no mutant "${name}".`);
    return found;
  };
  const kept = find('task-state.ts', 'forgetAttempt: state.outputTokens = 0; -> (nothing)');
  const test = 'a second attempt > has its first words written, however many the first one wrote';
  expect(await killMutant(program, kept, ['tests'])).toContain('.test.ts');
  expect(
    await killMutant(program, { ...kept, file: 'packages/tasks/src/life/decide.ts' }, ['tests']),
  ).toBe(`packages/tasks/src/life/decide.test.ts: ${test}`);
  expect(await killMutant(program, kept, ['simulator'])).toMatch(/^pnpm sim --seed \d+: /);
  expect(await killMutant(program, { ...kept, id: 0 }, ['tests'])).toBeNull();
}, 120_000);
