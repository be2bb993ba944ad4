import { expect, test } from 'vitest';

import { formOrJson } from './form-or-json.ts';

test('parameters without files are JSON', () => {
  expect(formOrJson({ prompt: 'Hi', top_k: 5, stop: ['a'] })).toBe(
    '{"prompt":"Hi","top_k":5,"stop":["a"]}',
  );
});

test('parameters with a file are a form, whose other values are texts', async () => {
  const file = new File(['text'], 'notes.md');
  const given = {
    prompt: 'Hi',
    top_k: 5,
    stop: ['a'],
    seed: null,
    inputFile: ['https://a.b/c', file],
  };
  const form = formOrJson(given);
  expect(form).toBeInstanceOf(FormData);
  const parts = form instanceof FormData ? [...form] : [];
  expect(parts).toEqual([
    ['prompt', 'Hi'],
    ['top_k', '5'],
    ['stop', '["a"]'],
    ['inputFile', 'https://a.b/c'],
    ['inputFile', expect.any(File)],
  ]);
  expect(formOrJson({ inputFile: file })).toBeInstanceOf(FormData);
});
