import { describePrice } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { Catalogue, CHAT_PARAMETERS, MODELS } from './index.ts';
import {
  documentOf,
  newPoolOf,
  parseModelDocument,
  publishedModel,
  readStoredDocument,
} from './model-document.ts';

const PLAIN = {
  owner: 'Acme',
  name: 'Tiny-1.5',
  description: 'A small model.',
  price: { method: 'second', parts: { second: '0.0001' } },
};
const PUBLISHED = { id: '1000', version: 3, pool: 'acme.tiny-1-5', isRetired: false };

test('a document needs a path, a description and a price; the rest has defaults', () => {
  const model = publishedModel(parseModelDocument(PLAIN), PUBLISHED);
  expect(model).toMatchObject({
    ...PUBLISHED,
    readme: '',
    categories: [],
    aliases: [],
    choices: [],
    limits: {},
    inspire: [],
    parameters: CHAT_PARAMETERS,
    price: { version: 'Acme/Tiny-1.5/3', method: 'second', parts: { second: '0.0001' } },
  });
  expect(describePrice(model.price)).toBe('$0.0001 per second');
});

test('the page shows the parameters that a document names', () => {
  const parameters = [{ title: 'All', items: ['prompt', 'seed'] }];
  const model = publishedModel(parseModelDocument({ ...PLAIN, parameters }), PUBLISHED);
  expect(model.parameters).toMatchObject([
    {
      title: 'All',
      items: [
        { id: 'prompt', required: true },
        { id: 'seed', type: 'number' },
      ],
    },
  ]);
  expect(documentOf(model)).toEqual(parseModelDocument({ ...PLAIN, parameters }));
});

test('every compiled-in model is what its document says', () => {
  for (const model of MODELS) {
    const { version: _version, ...price } = model.price;
    const again = publishedModel(documentOf(model), model);
    expect({ ...again, price: { ...again.price, version: '' } }).toEqual({
      ...model,
      price: { ...price, version: '' },
    });
  }
});

test.for<[string, object]>([
  ['owner', { owner: 'a/b' }],
  ['owner', { owner: undefined }],
  ['name', { name: '' }],
  ['name', { name: '-' }],
  ['description', { description: '' }],
  ['description', { description: 'NUL \0' }],
  ['description', { description: 'half of a pair \ud800' }],
  ['readme', { readme: 'x'.repeat(64_001) }],
  ['categories.1', { categories: ['llm', 7] }],
  ['tags', { tags: Array.from({ length: 21 }, () => 'a') }],
  ['aliases.0', { aliases: ['no-owner'] }],
  ['choices.0.path', { choices: [{ path: 'chat', parameter: 'selectedModel', value: '7' }] }],
  ['choices.0.parameter', { choices: [{ path: 'a/b', parameter: 'prompt', value: '7' }] }],
  ['choices.0.value', { choices: [{ path: 'a/b', parameter: 'selectedModel', value: '' }] }],
  ['price', { price: undefined }],
  ['price.method', { price: { method: 'day', parts: {} } }],
  ['price.parts.second', { price: { method: 'second', parts: { second: '-1' } } }],
  ['price.parts.second', { price: { method: 'second', parts: {} } }],
  ['price.parts', { price: { method: 'second', parts: { second: '1', hour: '1' } } }],
  ['limits.maxTokens', { limits: { maxTokens: 0 } }],
  ['limits', { limits: { maxToken: 5 } }],
  ['parameters', { parameters: [{ title: 'No prompt', items: ['seed'] }] }],
  ['parameters', { parameters: [{ title: 'Twice', items: ['prompt', 'prompt'] }] }],
  ['parameters.0.items.1', { parameters: [{ title: 'A', items: ['prompt', 'width'] }] }],
  ['inspire.0', { inspire: [{ width: '5' }] }],
  ['readmee', { readmee: 'x' }],
])('a document with a wrong %s is refused, and the field is named', ([field, changes]) => {
  expect(() => parseModelDocument({ ...PLAIN, ...changes })).toThrow(field);
  expect(() => parseModelDocument(null)).toThrow('expected object');
});

test('a stored document may have fields that a newer version added', () => {
  expect(readStoredDocument({ ...PLAIN, tools: true })).toEqual(parseModelDocument(PLAIN));
  expect(readStoredDocument({ ...PLAIN, price: { method: 'day' } })).toBeNull();
});

test('a new pool is that of no other path', () => {
  const paths = [
    ['a-b', 'c'],
    ['a', 'b-c'],
    ['a.b', 'c.d'],
  ] as const;
  const pools = paths.map(([owner, name]) => newPoolOf({ owner, name }));
  expect(new Set([...pools, ...MODELS.map(({ pool }) => pool)]).size).toBe(3 + MODELS.length);
});

test('a retired model is found by its tasks and its workers, and takes no Runs', () => {
  const document = parseModelDocument({ ...PLAIN, aliases: ['acme/small'] });
  const offered = publishedModel(document, PUBLISHED);
  const catalogue = new Catalogue([offered]);
  expect(catalogue.find('acme', 'SMALL')).toBe(offered);
  expect(catalogue.find('ACME', 'tiny-1-5')).toBe(offered);
  const retired = new Catalogue([{ ...offered, isRetired: true }]);
  expect(retired.find('acme', 'small')).toBeUndefined();
  expect(retired.offered).toEqual([]);
  expect(retired.byId('1000')).toBeDefined();
  expect(retired.findAny('acme', 'small')).toBeDefined();
  expect([...retired.pools]).toEqual([PUBLISHED.pool]);
});
