import { expect } from 'vitest';

import { testWithTools as test } from './testing.ts';

test('Tool/Explore answers the catalogue by category', async ({ ask }) => {
  await expect(ask('Explore')).resolves.toMatchObject({
    explore: [
      { id: 'tool', title: 'tool', tools: [{ id: '598' }, { id: '599' }, { id: '600' }] },
      {},
      {},
    ],
    result: true,
  });
});
