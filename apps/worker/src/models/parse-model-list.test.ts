import { Catalogue, MODELS } from '@runfleet/catalog';
import { expect, test } from 'vitest';

import { namedModels, parseModelList } from './parse-model-list.ts';

const catalogue = new Catalogue(MODELS);
const read = (text: string) =>
  namedModels(catalogue, parseModelList(text)).map(({ model, dir }) => [model.pool, dir]);

test('a model has a folder, or none if its engine needs none', () => {
  expect(read('')).toEqual([]);
  expect(read('microsoft/phi-3-mini-4k-instruct')).toEqual([['phi-3-mini-4k-instruct', null]]);
  expect(
    read('microsoft/Phi-3.5-mini-instruct=/a=b/c, microsoft/Phi-3-mini-4k-instruct=/d,'),
  ).toEqual([
    ['phi-3-5-mini-instruct', '/a=b/c'],
    ['phi-3-mini-4k-instruct', '/d'],
  ]);
});

test.each([
  ['meta/llama=/x', 'meta/llama is not in the catalogue. Publish it first'],
  [
    'microsoft/phi35miniinstruct=/x',
    'Did you mean microsoft/Phi-3.5-mini-instruct? Publish it first',
  ],
  ['phi', 'names "phi", which is not an owner/name'],
  [
    'microsoft/Phi-3-mini-4k-instruct=/a,microsoft/phi-3-mini-4k-instruct=/b',
    'names microsoft/phi-3-mini-4k-instruct twice',
  ],
])('%s is refused', (text, problem) => expect(() => read(text)).toThrow(problem));
