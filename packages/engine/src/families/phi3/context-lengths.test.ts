import { expect, test } from 'vitest';

import { readContextLengths } from './context-lengths.ts';

const genaiModel = { context_length: 131_072 };
const offset = { webgpu: { multiRotaryCacheConcatOffset: '4096' } };
const chosenByProvider = {
  ...genaiModel,
  decoder: { session_options: { provider_options: [offset] } },
};

test.each([
  ['the graph', { config: {}, genaiModel, ropeSwitch: 4096 }, 4096],
  [
    'config.json',
    { config: { original_max_position_embeddings: 4096 }, genaiModel, ropeSwitch: undefined },
    4096,
  ],
  ['the provider’s options', { config: {}, genaiModel: chosenByProvider, ropeSwitch: null }, 4096],
  ['what is usual for a graph with one table', { config: {}, genaiModel, ropeSwitch: null }, 4096],
])('the length of the short rope table comes from %s', (_, sources, shortContextLength) => {
  expect(readContextLengths(sources)).toEqual({ shortContextLength, contextLength: 131_072 });
});

test.each([
  ['the switch', { config: {}, genaiModel, ropeSwitch: undefined }, /Copy the config.json/u],
  ['any length', { config: {}, genaiModel: {}, ropeSwitch: 4096 }, /its context length: add/u],
])('a folder that does not state %s is refused; nothing is assumed', (_, sources, message) => {
  expect(() => readContextLengths(sources)).toThrow(message);
});
