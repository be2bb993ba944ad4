import type { OutputGrammar } from '@runfleet/grammar';
import { expect, test } from 'vitest';

import { buildTokenizer } from '../builder/phi3/build-tokenizer.ts';
import { MaskTurns } from './mask-turns.ts';
import type { GrammarCall, GrammarReport } from './thread-messages.ts';
import { readVocabulary } from './vocabulary.ts';

const { tokenizer, idOf } = buildTokenizer(1088);
const vocabulary = readVocabulary({ tokenizer, stopIds: new Set([idOf('<|end|>')]) });

const regex = (pattern: string): OutputGrammar => ({ kind: 'regex', pattern });
/** Is read in about 40 turns, and its first mask is easy. */
const HARD = wideSchema(150, '.*'.repeat(9));
/** Is refused after about 90 turns. */
const TOO_HARD = wideSchema(300, '.*'.repeat(20));

function wideSchema(properties: number, pattern: string): OutputGrammar {
  const named = Array.from({ length: properties }, (_, n) => [
    `p${n}`,
    { type: 'string', pattern },
  ]);
  const schema = { type: 'object', properties: Object.fromEntries(named) };
  return { kind: 'json_schema', schema: JSON.stringify(schema) };
}

function openTurns(calls: GrammarCall[] = []) {
  const reports: GrammarReport[] = [];
  let current = 0;
  const turns = new MaskTurns(vocabulary, {
    receive: () => calls.shift(),
    send: (report) => reports.push(report),
    onPath: (path) => (current = path),
  });
  const finish = () => {
    while (!turns.isIdle) turns.turn();
  };
  const ended = () => pathsOf(reports);
  return { turns, reports, ended, finish, current: () => current };
}

function pathsOf(reports: readonly GrammarReport[]): number[] {
  return reports.map((report) => ('path' in report ? report.path : 0));
}

function upwards(left: number, right: number): number {
  return left - right;
}

function open(path: number, grammar: OutputGrammar): GrammarCall {
  return { type: 'open', path, step: 0, grammar, ids: [] };
}

test('while a hard grammar is read, other answers get their masks', () => {
  const { turns, reports, ended, finish, current } = openTurns([open(3, regex('c'))]);
  turns.accept(open(1, HARD));
  turns.accept(open(2, regex('ab')));
  turns.turn();
  // The third call arrived during the same turn.
  expect(ended().slice(0, 2)).toEqual([2, 3]);
  expect(current()).toBe(0);
  finish();
  expect(ended()).toEqual([2, 3, 1]);
  expect(reports.map(({ type }) => type)).toEqual(['mask', 'mask', 'mask']);
});

test('a grammar that is refused in the middle of others fails only its own answer', () => {
  const { turns, reports, ended, finish } = openTurns();
  const other = wideSchema(140, '.*'.repeat(9));
  for (const [at, grammar] of [HARD, TOO_HARD, other, TOO_HARD].entries()) {
    turns.accept(open(at + 1, grammar));
  }
  finish();
  expect(ended().toSorted(upwards)).toEqual([1, 2, 3, 4]);
  const failed = reports.filter(({ type }) => type === 'failed');
  expect(pathsOf(failed).toSorted(upwards)).toEqual([2, 4]);
});

test('answers with equal grammars share one reading', () => {
  const { turns, ended, finish } = openTurns();
  turns.accept(open(1, HARD));
  turns.accept(open(2, HARD));
  turns.accept(open(3, regex('a')));
  turns.turn();
  expect(ended()).toEqual([3, 1]);
  finish();
  expect(ended()).toEqual([3, 1, 2]);
});

test('more grammars than may be read at once wait, and all are read', () => {
  const { turns, ended, finish } = openTurns();
  for (let path = 1; path <= 8; path += 1) turns.accept(open(path, wideSchema(50 + path, '.*a')));
  finish();
  expect(ended().toSorted(upwards)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('a closed answer is read no further, and gets no report', () => {
  const { turns, reports, finish } = openTurns([{ type: 'close', path: 1 }, open(2, regex('a'))]);
  turns.accept(open(1, HARD));
  finish();
  expect(reports).toMatchObject([{ type: 'mask', path: 2 }]);
});
