import { expect, test } from 'vitest';
import { z } from 'zod';

import { listSettings } from './list-settings.ts';

test.each([
  ['a required setting', z.string().describe('d'), { isRequired: true, defaultValue: null }],
  [
    'an optional setting',
    z.string().describe('d').optional(),
    { isRequired: false, defaultValue: null },
  ],
  [
    'a default',
    z.coerce.number().describe('d').default(5),
    { isRequired: false, defaultValue: '5' },
  ],
  [
    'a bigint default',
    z.coerce.bigint().default(7n).describe('d'),
    { isRequired: false, defaultValue: '7' },
  ],
  [
    'a flag',
    z.stringbool().describe('d').default(false),
    { isRequired: false, defaultValue: 'false' },
  ],
  [
    'a transformed setting',
    z.string().describe('d').transform(Number),
    { isRequired: true, defaultValue: null },
  ],
  [
    'a list',
    z
      .string()
      .default('a,b')
      .transform((text) => text.split(','))
      .describe('d'),
    { isRequired: false, defaultValue: 'a,b' },
  ],
  [
    'a prefault',
    z.string().transform(Number).describe('d').prefault('3'),
    { isRequired: false, defaultValue: '3' },
  ],
])('%s is listed with its description, wherever that was attached', (_name, field, expected) => {
  expect(listSettings(z.object({ NAME: field }))).toEqual([
    { name: 'NAME', description: 'd', ...expected },
  ]);
});
