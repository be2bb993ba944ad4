import { expect, test } from 'vitest';

import { withFileTexts } from './file-texts.ts';
import { parseChatParameters } from './index.ts';

const LIMITS = { maxTokens: 1024, maxTimeoutSeconds: 3600 };
const parse = (body: object) => parseChatParameters({ ...body }, LIMITS);

test('the texts of files stand before the last message, each under its name', () => {
  const { messages } = parse({ system_prompt: 'Be brief.', prompt: 'Summarise.' });
  const files = [
    { name: 'tides.pdf', text: 'High at six.' },
    { name: 'notes.md', text: 'Low at noon.' },
  ];
  expect(withFileTexts(messages, files)).toEqual([
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: '# tides.pdf\n\nHigh at six.\n\n# notes.md\n\nLow at noon.\n\n---\n\nSummarise.',
    },
  ]);
  expect(withFileTexts(messages, null)).toEqual(messages);
});

test.each([
  ['none', {}, []],
  ['an empty text', { inputFile: '' }, []],
  ['an empty list', { inputFile: [] }, []],
  ['one', { inputFile: 'a' }, ['a']],
  ['a list', { inputFile: ['a', '', null, 'b'] }, ['a', 'b']],
  ['the URLs of a form', { inputFile: '', inputFileUrl: 'a, b,' }, ['a', 'b']],
  ['both', { inputFile: 'a', inputFileUrl: ['b'] }, ['a', 'b']],
])('files are sent as %s', (_, body, files) => {
  expect(parse({ prompt: 'Hi', ...body }).inputFiles).toEqual(files);
});

test.each([
  [{ inputFile: 7 }, '[inputFile] must be the URL or the id of a file'],
  [{ inputFile: [{}] }, '[inputFile] must be the URL or the id of a file'],
  [{ inputFile: 'x'.repeat(2_049) }, '[inputFile] must be the URL or the id of a file'],
  [{ inputFile: Array(11).fill('a') }, '[inputFile] must have at most 10 files'],
  [{ inputFile: Array(6).fill('a'), inputFileUrl: 'a,a,a,a,a' }, 'must have at most 10 files'],
  [{ inputFileUrl: 'x'.repeat(20_481) }, '[inputFileUrl] must have at most 20480 characters'],
  [
    {
      prompt: '',
      messages: [
        { role: 'user', content: 'a' },
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'b' },
      ],
      inputFile: 'a',
    },
    '[inputFile] requires a prompt, or a last message of role user',
  ],
])('files that cannot be read with a request are refused by name: %j', (body, message) => {
  expect(() => parse({ prompt: 'Hi', ...body })).toThrow(message);
});
