import { describe, expect, test } from 'vitest';

import type { Parameter, ParameterGroup } from '../../api/tool.ts';
import { defaultsOf, fillFrom, mistakeIn, mistakesIn, parametersOf } from './form-values.ts';

const parameter = (given: Partial<Parameter>): Parameter => ({
  id: 'x',
  type: 'number',
  label: 'X',
  default: '',
  required: false,
  ...given,
});
const prompt = parameter({ id: 'prompt', type: 'textarea', label: 'Prompt', required: true });
const topK = parameter({ id: 'top_k', label: 'Top k', default: '0', min: 0, max: 1000, step: 1 });
const seed = parameter({ id: 'seed', label: 'Seed', min: 0 });
const groups: readonly ParameterGroup[] = [
  { title: 'Input', items: [prompt] },
  { title: 'Settings', items: [topK, seed] },
];

test('a Run sends only required and changed parameters', () => {
  const values = { ...defaultsOf(groups), prompt: 'Hi', seed: '7' };
  expect(parametersOf(groups, values)).toEqual({ prompt: 'Hi', seed: '7' });
});

test('a form filled from a task has its known values, and defaults for the rest', () => {
  expect(fillFrom(groups, { prompt: 'Hi', top_k: 5, unknown: 'x', seed: null })).toEqual({
    prompt: 'Hi',
    top_k: '5',
    seed: '',
  });
});

test('a list is JSON in its field, and outputs of tools come instead of a prompt', () => {
  const outputs = parameter({ id: 'toolOutputs', type: 'textarea', label: 'Tool outputs' });
  const given = [...groups, { title: 'Advanced', items: [outputs] }];
  const values = fillFrom(given, { prompt: '', toolOutputs: [{ call_id: 'c', output: 1 }] });
  expect(JSON.parse(values['toolOutputs'] ?? '')).toEqual([{ call_id: 'c', output: 1 }]);
  expect(mistakesIn(given, values)).toEqual({});
  expect(mistakesIn(given, { ...values, toolOutputs: ' ' })).toEqual({
    prompt: 'Prompt is required.',
  });
});

test('a value that means "not used" is the default in the form', () => {
  expect(fillFrom(groups, { prompt: 'Hi', top_k: -1, seed: '-1' })).toEqual({
    ...defaultsOf(groups),
    prompt: 'Hi',
  });
});

describe('a mistake is described at its field', () => {
  test.each([
    [prompt, ' ', 'Prompt is required.'],
    [prompt, 'Hi', null],
    [topK, '1001', 'Top k must be between 0 and 1000.'],
    [topK, '1.5', 'Top k must be a whole number.'],
    [topK, 'many', 'Top k must be a number.'],
    [seed, '', null],
    [seed, '-1', 'Seed must be at least 0.'],
  ])('%#', (item, value, mistake) => expect(mistakeIn(item, value)).toBe(mistake));
});
